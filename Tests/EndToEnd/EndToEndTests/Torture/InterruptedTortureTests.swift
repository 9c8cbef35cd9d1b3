// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

#if os(Linux)
  /// Whoever interrupts the chaos rig gets what it knows by then, and finds nothing of it left.
  @Suite("Interrupted torture", .serialized, .timeLimit(.minutes(3)))
  struct InterruptedTortureTests {
    private struct Report: Decodable {
      let isPartial: Bool
      let kills: Int
      let events: Int
      let effects: Int
    }

    private static let endless = ["outbox", "torture", "--kills", "20000", "--format", "json"]

    /// Runs it in a temporary folder of its own until its writers, relays and consumers are there.
    private func started(
      _ scratch: Scratch, _ arguments: [String] = []
    ) async throws -> RunningProgram {
      let program = try Executable.strangler.start(
        Self.endless + arguments, temporaryFolder: scratch.path)
      while processes(scratch).count(where: { $0.contains("torture-child") }) < 4 {
        try Task.checkCancellation()
        await Task.yield()
      }
      return program
    }

    private func interrupted(_ program: RunningProgram, by signal: Int32) async throws -> Report {
      program.signal(signal)
      let outcome = await program.outcome()
      #expect(outcome.exitCode == 3, "\(outcome.output) \(outcome.errors)")
      #expect(outcome.errors.contains(" of 20000 kills, 0 findings until then"))
      return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    private func requireNothingLeft(_ scratch: Scratch) throws {
      let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
      #expect(files == [], "files are left")
      #expect(processes(scratch) == [], "processes are left")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `an interrupt brings a partial verdict and leaves nothing behind`(
      signal: Int32
    ) async throws {
      let scratch = try Scratch()
      let report = try await interrupted(try await started(scratch), by: signal)
      #expect(report.isPartial && report.kills < 20_000)
      #expect(report.effects == report.events)
      try requireNothingLeft(scratch)
    }

    @Test func `a second interrupt ends it without a verdict`() async throws {
      let scratch = try Scratch()
      let program = try await started(scratch)
      program.signal(SIGINT)
      // Two of a kind that nobody has taken yet would be one.
      program.signal(SIGTERM)
      let outcome = await program.outcome()
      #expect(outcome.exitCode == 3, "\(outcome.output) \(outcome.errors)")
      #expect(outcome.output.isEmpty && outcome.errors.contains("interrupted, nothing was judged"))
      try requireNothingLeft(scratch)
    }

    #if PostgreSQL && NATS
      @Test func `servers end too`() async throws {
        let scratch = try Scratch()
        let program = try await started(scratch, ["--store", "postgresql", "--broker", "nats"])
        let report = try await interrupted(program, by: SIGINT)
        #expect(report.isPartial && report.effects == report.events)
        try requireNothingLeft(scratch)
      }
    #endif

    /// Command lines of all processes that took the folder for the system's temporary one.
    private func processes(_ scratch: Scratch) -> [String] {
      let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return numbers.filter { $0.allSatisfy(\.isNumber) }.compactMap { number in
        guard let environment = Self.content("/proc/\(number)/environ"),
          environment.contains("TMPDIR=\(scratch.path)\0"),
          let line = Self.content("/proc/\(number)/cmdline"), !line.isEmpty
        else { return nil }
        return line.replacing("\0", with: " ")
      }
    }

    private static func content(_ path: String) -> String? {
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
  }
#endif
