// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// User instructions for one small request, counted by callgrind: the one figure that no other
/// load on the machine can change.
struct Instructions {
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

  func measure(_ contender: any Contender, origin: Origin, requests: UInt64) throws -> Double {
    origin.answer(bodyBytes: BenchmarkCase.small.bodyBytes)
    let name = "callgrind-\(contender.name.filter(\.isLetter))"
    let output = try ScratchFolder.shared.path(name)
    let tool = [
      valgrind, "--tool=callgrind", "--callgrind-out-file=\(output).%p", "--log-file=\(output).log",
    ]
    let wrapper = (preloaded.map { ["env", "LD_PRELOAD=\($0)"] } ?? []) + tool
    let running = try RunningContender(
      contender, .small, origin: origin,
      wrapper: (try withoutDebugInformation(contender.program), wrapper), patience: Self.patience)
    defer { running.stop() }
    _ = try count(Self.base, running, name)
    // Both loads open and close their connections, so the difference is requests alone.
    let few = try count(Self.base, running, name)
    let many = try count(Self.base + requests, running, name)
    if many <= few { throw BenchmarkError("callgrind counted nothing for \(contender.name)") }
    return Double(many - few) / Double(requests)
  }

  /// Instructions of so many requests.
  private func count(_ requests: UInt64, _ running: RunningContender, _ name: String) throws
    -> UInt64
  {
    let before = Set(ScratchFolder.shared.names())
    try send(requests, to: running)
    for process in running.tree.processes {
      let outcome = try ChildProcess.run(control, ["--dump", "\(process)"])
      if outcome.status != 0 { throw BenchmarkError("callgrind_control: \(outcome.output)") }
    }
    // Each dump holds what was counted since the one before.
    return try ScratchFolder.shared.names()
      .filter { $0.hasPrefix("\(name).") && !before.contains($0) }
      .reduce(UInt64(0)) { try $0 + total(of: $1) }
  }

  private func send(_ requests: UInt64, to running: RunningContender) throws {
    let plan = LoadPlan(
      port: running.port, clients: BenchmarkCase.clients, pace: .counted(requests))
    _ = try LoadGenerator(plan).finish()
  }

  private func total(of dump: String) throws -> UInt64 {
    let text = ProcessFiles.text(try ScratchFolder.shared.path(dump)) ?? ""
    let totals = text.split(separator: "\n").last {
      $0.hasPrefix("totals:") || $0.hasPrefix("summary:")
    }
    return totals?.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
  }

  /// valgrind cannot read what the Swift compiler writes for debuggers into large programs.
  private func withoutDebugInformation(_ program: String) throws -> String {
    let copy = try ScratchFolder.shared.path("stripped-\(URL(filePath: program).lastPathComponent)")
    let outcome = try ChildProcess.run("strip", ["-g", "-o", copy, program])
    return outcome.status == 0 ? copy : program
  }
}
