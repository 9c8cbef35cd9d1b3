// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// User instructions for one small request, counted by callgrind: the one figure that no other
/// load on the machine can change.
struct Instructions {
  private static let warmUp: UInt64 = 500
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
    try send(Self.warmUp, to: running)
    try dump(running)
    let before = Set(ScratchFolder.shared.names())
    try send(requests, to: running)
    try dump(running)
    // Each dump holds what was counted since the one before.
    let dumps = ScratchFolder.shared.names().filter {
      $0.hasPrefix("\(name).") && !before.contains($0)
    }
    let total = try dumps.reduce(UInt64(0)) { try $0 + count(in: $1) }
    if total == 0 { throw BenchmarkError("callgrind counted nothing for \(contender.name)") }
    return Double(total) / Double(requests)
  }

  private func send(_ requests: UInt64, to running: RunningContender) throws {
    let plan = LoadPlan(
      port: running.port, clients: BenchmarkCase.clients, pace: .counted(requests))
    _ = try LoadGenerator(plan).finish()
  }

  private func dump(_ running: RunningContender) throws {
    for process in running.tree.processes {
      let outcome = try ChildProcess.run(control, ["--dump", "\(process)"])
      if outcome.status != 0 { throw BenchmarkError("callgrind_control: \(outcome.output)") }
    }
  }

  private func count(in dump: String) throws -> UInt64 {
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
