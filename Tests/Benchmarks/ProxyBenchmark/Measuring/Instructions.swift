// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// User instructions and system calls for one small request, counted by callgrind: figures that no
/// other load on the machine can change.
struct Instructions {
  struct Count {
    var instructions: UInt64 = 0
    var systemCalls: UInt64 = 0
    /// Those that wait for something to do.
    var waits: UInt64 = 0

    static func + (left: Count, right: Count) -> Count {
      Count(
        instructions: left.instructions + right.instructions,
        systemCalls: left.systemCalls + right.systemCalls, waits: left.waits + right.waits)
    }
  }

  struct PerRequest {
    let instructions: Double
    let systemCalls: SystemCalls.PerRequest
  }

  /// Requests of the loads that serve to warm up and to compare with.
  private static let base: UInt64 = 500
  private static let patience = 90.0

  private let valgrind: String
  private let control: String
  private let preloaded: String?

  /// nil when valgrind is not there.
  init?() throws {
    guard let valgrind = Contenders.path(of: "valgrind"),
      let control = Contenders.path(of: "callgrind_control")
    else { return nil }
    self.valgrind = valgrind
    self.control = control
    preloaded = try SuspendShim.build()
  }

  func measure(
    _ contender: any Contender, _ client: ClientProtocol, origin: Origin, requests: UInt64
  ) throws -> PerRequest {
    origin.answer(bodyBytes: BenchmarkCase.smallBody)
    let words = "\(contender.name) \(client.rawValue)"
    let name = "callgrind-\(words.filter { $0.isLetter || $0.isNumber })"
    let output = try ScratchFolder.shared.path(name)
    let tool = [
      valgrind, "--tool=callgrind", "--collect-systime=usec", "--callgrind-out-file=\(output).%p",
      "--log-file=\(output).log",
    ]
    let wrapper = (preloaded.map { ["env", "LD_PRELOAD=\($0)"] } ?? []) + tool
    let running = try RunningContender(
      contender, .small(client), origin: origin,
      wrapper: (try withoutDebugInformation(contender.program), wrapper), patience: Self.patience)
    defer { running.stop() }
    // As many requests as are counted later, or those would find fewer connections than they need
    // in the pool, and pay for new ones.
    _ = try count(Self.base + requests, running, name)
    // Both loads open and close their connections, so the difference is requests alone.
    let few = try count(Self.base, running, name)
    let many = try count(Self.base + requests, running, name)
    if many.instructions <= few.instructions || many.systemCalls < few.systemCalls {
      throw BenchmarkError("callgrind counted nothing for \(contender.name)")
    }
    let waits = many.waits > few.waits ? many.waits - few.waits : 0
    let calls = many.systemCalls - few.systemCalls
    return PerRequest(
      instructions: Double(many.instructions - few.instructions) / Double(requests),
      systemCalls: SystemCalls.PerRequest(
        all: Double(calls) / Double(requests),
        data: Double(calls - min(calls, waits)) / Double(requests)))
  }

  /// What so many requests took.
  private func count(_ requests: UInt64, _ running: RunningContender, _ name: String) throws
    -> Count
  {
    let before = Set(ScratchFolder.shared.names())
    _ = try running.load(.counted(requests)).finish()
    for process in running.tree.processes {
      let outcome = try ChildProcess.run(control, ["--dump", "\(process)"])
      if outcome.status != 0 { throw BenchmarkError("callgrind_control: \(outcome.output)") }
    }
    // Each dump holds what was counted since the one before.
    return try ScratchFolder.shared.names()
      .filter { $0.hasPrefix("\(name).") && !before.contains($0) }
      .reduce(Count()) { try $0 + total(of: $1) }
  }

  private func total(of dump: String) throws -> Count {
    let text = ProcessFiles.text(try ScratchFolder.shared.path(dump)) ?? ""
    let totals = text.split(separator: "\n").last {
      $0.hasPrefix("totals:") || $0.hasPrefix("summary:")
    }
    // "totals:", then instructions, system calls and the time of those.
    let numbers = (totals?.split(separator: " ").dropFirst() ?? []).map { UInt64($0) ?? 0 }
    guard numbers.count >= 2 else { return Count() }
    let clock = calls(to: "clock_gettime", in: text)
    return Count(
      instructions: numbers[0], systemCalls: numbers[1] > clock ? numbers[1] - clock : 0,
      waits: calls(to: "epoll_wait", in: text) + calls(to: "epoll_pwait", in: text))
  }

  /// Calls to a function in a dump. Reading the clock is a system call under valgrind alone.
  private func calls(to function: String, in dump: String) -> UInt64 {
    var numbers: Set<Substring> = []
    var isCalled = false
    var count: UInt64 = 0
    for line in dump.split(separator: "\n") {
      if line.hasPrefix("fn=") || line.hasPrefix("cfn=") {
        // "(7) name" where a name is first used, "(7)" from then on.
        let words = line.split(separator: " ", maxSplits: 1)
        let number = words[0].drop { $0 != "(" }
        if words.count > 1, words[1].hasPrefix(function) { numbers.insert(number) }
        isCalled = line.hasPrefix("c") && numbers.contains(number)
      } else if isCalled, line.hasPrefix("calls=") {
        count += line.dropFirst(6).split(separator: " ").first.flatMap { UInt64($0) } ?? 0
      }
    }
    return count
  }

  /// valgrind cannot read what the Swift compiler writes for debuggers into large programs.
  private func withoutDebugInformation(_ program: String) throws -> String {
    let copy = try ScratchFolder.shared.path("stripped-\(URL(filePath: program).lastPathComponent)")
    let outcome = try ChildProcess.run("strip", ["-g", "-o", copy, program])
    return outcome.status == 0 ? copy : program
  }
}
