// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import ServerPrograms

  /// A relay in a process of its own, which tells what it has done and how much memory it takes.
  struct RelayProcess {
    /// Longest that starting may take, seconds.
    private static let patience = 30

    private let program: Program

    /// Starts one; returns once it relays.
    static func start(_ role: RelayRole) async throws -> RelayProcess {
      let itself = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let process = RelayProcess(program: try Program.start(itself, ["--relay", role.text]))
      guard await process.program.wrote("\n", within: patience) else {
        throw Program.Failure(description: "the relay did not start: \(process.program.text)")
      }
      return process
    }

    /// Its last whole line.
    var report: RelayRole.Report {
      get throws {
        let end = program.text.suffix(4_096)
        let lines = end.split(separator: "\n", omittingEmptySubsequences: false)
        guard let report = RelayRole.Report(line: lines.dropLast().last ?? "") else {
          throw Program.Failure(description: "the relay has ended: \(end)")
        }
        return report
      }
    }

    /// Looks at it ten times a second until it has done that.
    func reports(
      until isDone: (RelayRole.Report) async throws -> Bool
    ) async throws -> [RelayRole.Report] {
      var reports: [RelayRole.Report] = []
      while true {
        let report = try report
        reports.append(report)
        if try await isDone(report) { return reports }
        try await ContinuousClock().sleep(for: .milliseconds(100))
      }
    }

    /// Lets it finish what it is at and give its lease back.
    func end() async { await program.end(SIGTERM) }
  }

  extension BenchmarkWorld {
    func relayRole(refused: String? = nil) -> RelayRole {
      RelayRole(
        database: server.address, nats: nats.address, page: plan.page,
        concurrency: plan.concurrency, refused: refused)
    }
  }
#endif
