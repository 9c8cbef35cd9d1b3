// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import ShadowComparison
import ShadowEvidenceStore
import Testing

/// What comparing both sides found, as the admin API shows it.
@Suite(.timeLimit(.minutes(1))) struct EvidenceEndpointTests {
  private struct Pair: Decodable {
    struct Line: Decodable, Equatable {
      let legacy: String?
      let extracted: String?
      let isChanged: Bool
    }

    let request: String
    let lines: [Line]
  }

  private struct Report: Decodable {
    struct Run: Decodable {
      let number: Int
      let extracted: String
    }

    let comparisons: Int
    let runs: [Run]
  }

  @Test func withoutAFileThereIsAnEmptyReportAndNoPair() async throws {
    var harness = try AdminHarness()
    harness.evidence = "/nowhere/shadow.sqlite"
    try await harness.run { client in
      let report = try await client.send(.get, "/shadows/evidence")
      #expect(report.status == 200 && report.body.contains(#""comparisons": 0"#))
      #expect(try await client.send(.get, "/shadows/pairs/1").status == 404)
      #expect(try await client.send(.get, "/shadows/pairs/one").status == 400)
    }
    try await AdminHarness().run { client in
      let answer = try await client.send(.get, "/shadows/evidence")
      #expect(answer.status == 404)
    }
  }

  @Test func aPairIsShownLineByLine() async throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "strangler-evidence-\(UUID().uuidString).sqlite").path
    defer {
      for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) }
    }
    try await Self.write(to: file)
    var harness = try AdminHarness()
    harness.evidence = file
    try await harness.run { client in
      // The replay that came later is no news of the live traffic.
      let report = try JSONDecoder().decode(
        Report.self, from: Data(try await client.send(.get, "/shadows/evidence").body.utf8))
      #expect(report.runs.map(\.number) == [1] && report.runs.map(\.extracted) == ["carts"])
      #expect(report.comparisons == 3)
      let answer = try await client.send(.get, "/shadows/pairs/1")
      let pair = try JSONDecoder().decode(Pair.self, from: Data(answer.body.utf8))
      #expect(pair.request == "GET /carts/42")
      #expect(pair.lines.first == .init(legacy: "200", extracted: "200", isChanged: false))
      #expect(
        pair.lines.contains(
          .init(legacy: #"{"total":19}"#, extracted: #"{"total":20}"#, isChanged: true)))
    }
  }

  /// One pair of answers that differ.
  private static func write(to file: String) async throws {
    let store = try ShadowEvidenceStore(path: file, creates: true)
    // As the harness tells the time.
    let now: Int64 = 1_795_435_200_250
    let run = try await store.begin(.live, legacy: "legacy", extracted: "carts", at: now)
    func answer(_ body: String) -> ShownAnswer {
      ShownAnswer(status: "200", headers: [], body: [body], isCut: false)
    }
    let pair = ShadowPair(
      endpoint: "GET /carts/{id}", request: "GET /carts/42", comparedAt: 0,
      legacy: answer(#"{"total":19}"#), extracted: answer(#"{"total":20}"#), differences: [])
    func changes(_ comparisons: Int) -> EvidenceChanges {
      var changes = EvidenceChanges()
      changes.totals.comparisons = comparisons
      return changes
    }
    try await store.write(changes(3), pairs: [pair], run: run, at: now)
    let replay = try await store.begin(.replay, legacy: "legacy", extracted: "other", at: now)
    try await store.write(changes(4), pairs: [], run: replay, at: now)
  }
}
