// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import ShadowComparison
import ShadowEvidenceStore
import Synchronization
import Testing

@testable import ControlPlane

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A day of live traffic on a clock that a test moves.
@Suite("Retention of live evidence", .timeLimit(.minutes(2)))
struct EvidenceRetentionTests {
  private static let hour: Int64 = 3_600_000
  /// Turns of an hour; each is a batch of what was found meanwhile.
  private static let turns = 20
  private static let retention = EvidenceRetention(age: 6 * hour, runs: 4, pairs: 200)
  /// Differences of a turn, each of a kind that nobody saw before, so that each is kept as a pair.
  private static let differences = 24
  /// The file may hold this many pairs: what it keeps, and what came since it was last tidied up.
  private static let mostPairs = retention.pairs + differences

  /// The process ends once an hour, now and then for some hours; the next one goes on in the file.
  @Test("24 hours of traffic whose every answer differs leave what the retention allows")
  func day() async throws {
    try await LiveEvidenceTests.withFile { path in
      let clock = Mutex<Int64>(1_000 * Self.hour)
      let server = try LiveEvidenceTests.server(ShadowConfiguration())
      var (sizes, written) = ([Int](), 0)
      for hour in 0..<24 where hour % 8 != 6 {
        clock.withLock { $0 = (1_000 + Int64(hour)) * Self.hour }
        let evidence = LiveEvidence(
          path: path, shadows: server.shadows, retention: Self.retention,
          logger: LiveEvidenceTests.silent, unixMilliseconds: { clock.withLock(\.self) })
        for _ in 0..<Self.turns {
          await evidence.turn()
          for _ in 0..<Self.differences {
            written += 1
            _ = evidence.file(
              LiveEvidenceTests.finding(
                "2", of: "m\(written)", endpoint: "GET /orders/\(written % 16)"))
          }
          clock.withLock { $0 += Self.hour / Int64(Self.turns) }
        }
        await evidence.turn()
        try await check(path, at: clock.withLock(\.self))
        sizes.append(try Self.bytes(path))
      }
      #expect(written == 21 * Self.turns * Self.differences)
      // What was deleted is room for what comes: from the sixth hour on the file does not grow.
      let first = try #require(sizes.dropFirst(4).first)
      let largest = sizes.max() ?? 0
      #expect(Double(largest) < 1.1 * Double(first), "\(sizes)")
    }
  }

  /// One long name in each answer, never the same, and a process that ends four times a day.
  @Test("24 hours of answers with names of their own leave the bytes that the retention allows")
  func oddNames() async throws {
    let limit = 1 << 20
    try await LiveEvidenceTests.withFile { path in
      let clock = Mutex<Int64>(1_000 * Self.hour)
      let server = try LiveEvidenceTests.server(ShadowConfiguration())
      var (largest, written) = (0, 0)
      for _ in 0..<4 {
        let evidence = LiveEvidence(
          path: path, shadows: server.shadows, retention: EvidenceRetention(bytes: limit),
          logger: LiveEvidenceTests.silent, unixMilliseconds: { clock.withLock(\.self) })
        for _ in 0..<12 {
          await evidence.turn()
          for _ in 0..<Self.differences {
            written += 1
            let name = String(repeating: "n", count: 2_000) + "\(written)"
            _ = evidence.file(
              LiveEvidenceTests.finding("2", of: name, endpoint: "GET /\(written % 300)"))
          }
          clock.withLock { $0 += Self.hour / 2 }
          await evidence.turn()
          largest = max(largest, try Self.bytes(path, ends: [""]))
        }
      }
      #expect(written == 48 * Self.differences)
      // What one batch brings goes when the next one comes.
      #expect(largest > limit / 2 && largest < limit * 5 / 4, "\(largest)")
      #expect(try Self.bytes(path, ends: ["-wal"]) < 8 << 20)
      let store = try ShadowEvidenceStore(path: path, creates: false)
      let text = try await store.report().text()
      #expect(text.utf8.count < limit)
    }
  }

  private func check(_ path: String, at now: Int64) async throws {
    let store = try ShadowEvidenceStore(path: path, creates: false)
    let runs = try await store.runs()
    // One more begins after the file was tidied up.
    #expect(runs.count <= Self.retention.runs + 1)
    #expect(runs.allSatisfy { $0.startedAt >= now - Self.retention.age - 2 * Self.hour })
    let pairs = try await store.report().endpoints.flatMap(\.paths).flatMap(\.pairs)
    #expect(Set(pairs).count > Self.retention.pairs / 2)
    #expect(Set(pairs).count <= Self.mostPairs)
  }

  /// Of the file and its log together.
  private static func bytes(_ path: String, ends: [String] = ["", "-wal"]) throws -> Int {
    try ends.reduce(0) { sum, end in
      let attributes = try FileManager.default.attributesOfItem(atPath: path + end)
      return sum + (attributes[.size] as? Int ?? 0)
    }
  }
}
