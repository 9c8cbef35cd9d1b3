// SPDX-License-Identifier: Apache-2.0
import Glibc

/// System calls for one small request under full load, counted by the kernel's trace points.
struct SystemCalls {
  private static let seconds = 0.5
  private static let patience = 10.0
  private static let all = "raw_syscalls:sys_enter"
  /// Calls that wait for something to do; how many there are says how busy a contender was.
  private static let waits = ["syscalls:sys_enter_epoll_wait", "syscalls:sys_enter_epoll_pwait"]
  private static let arguments = ["stat", "--no-big-num"] + ([all] + waits).flatMap { ["-e", $0] }

  struct PerRequest {
    let all: Double
    /// Those that do not wait.
    let data: Double
  }

  private let perf: String

  /// nil when `perf` is not there or may not count.
  init?() throws {
    guard let perf = Contenders.path(of: "perf") else { return nil }
    self.perf = perf
    let outcome = try ChildProcess.run(
      perf, Self.arguments + ["true"])
    if outcome.status != 0 || Self.count(in: outcome.output) == nil { return nil }
  }

  func measure(_ running: RunningContender) throws -> PerRequest {
    let load = running.load(.saturating)
    load.awaitFirstAnswer(upTo: Self.patience)
    Instant.wait(seconds: Turn.warmUp)
    let processes = running.tree.processes.map(String.init).joined(separator: ",")
    let file = try ScratchFolder.shared.path("perf-output")
    let counter = try ChildProcess(
      [perf] + Self.arguments + ["-p", processes], output: file)
    // The load goes on before the counter starts and after it ends, so the requests of the same
    // stretch are those between two moments well inside it.
    Instant.wait(seconds: Turn.warmUp)
    let start = load.answered
    let begin = Instant.now
    Instant.wait(seconds: Self.seconds)
    let rate = Double(load.answered - start) / (Instant.now - begin)
    counter.stop(signal: SIGINT)
    _ = try load.stop()
    guard let counted = Self.count(in: ProcessFiles.text(file) ?? "") else {
      throw BenchmarkError("perf counted nothing: \(ProcessFiles.text(file) ?? "")")
    }
    let requests = counted.seconds * rate
    return PerRequest(
      all: Double(counted.calls) / requests,
      data: Double(counted.calls - min(counted.calls, counted.waits)) / requests)
  }

  /// Calls, those of them that wait, and the seconds the counter ran.
  private static func count(
    in text: String
  ) -> (calls: UInt64, waits: UInt64, seconds: Double)? {
    var calls: UInt64?
    var waiting: UInt64 = 0
    var seconds: Double?
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count > 1 else { continue }
      if words[1].hasPrefix(all) { calls = UInt64(words[0]) }
      if waits.contains(where: words[1].hasPrefix) { waiting += UInt64(words[0]) ?? 0 }
      if words.dropFirst().starts(with: ["seconds", "time", "elapsed"]) {
        seconds = Double(words[0])
      }
    }
    guard let calls, let seconds, seconds > 0 else { return nil }
    return (calls, waiting, seconds)
  }
}
