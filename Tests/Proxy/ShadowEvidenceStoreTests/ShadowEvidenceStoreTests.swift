// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Logging
import ShadowComparison
import ShadowEvidenceStore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ShadowEvidenceStoreTests {
  private let folder: TemporaryFolder
  private let store: ShadowEvidenceStore
  private static let total = PathKind(path: ResponsePath("total"), kind: .value)

  init() throws {
    folder = try TemporaryFolder()
    store = try ShadowEvidenceStore(path: folder.path("s.sqlite"), creates: true)
  }

  private func run(at time: Int64 = 1) async throws -> Int64 {
    try await store.begin(.replay, legacy: "a", extracted: "b", at: time)
  }

  private func writer(_ run: Int64, at time: Int64 = 2) -> EvidenceWriter {
    EvidenceWriter(
      store: store, run: run, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { time })
  }

  private static func answer(_ total: Int) -> SideAnswer {
    .response(
      ComparedResponse(
        status: 200, headers: [.init(name: "content-type", value: "application/json")],
        body: Array(#"{"total":\#(total)}"#.utf8)))
  }

  /// Compares once and hands evidence and pair over.
  private func compare(
    _ evidence: inout ShadowEvidence, endpoint: String = "GET /a", extracted: Int,
    _ writer: EvidenceWriter
  ) {
    let (legacy, extracted) = (Self.answer(1), Self.answer(extracted))
    let comparison = ResponseComparator().compare(legacy: legacy, extracted: extracted)
    _ = evidence.record(
      comparison, endpoint: endpoint, times: AnswerTimes(legacy: 10, extracted: 2_000), draw: 0.5)
    let pair = PairRecorder(rules: ComparisonRules()).pair(
      endpoint: endpoint, method: "GET", target: "/a", comparedAt: 3, legacy: legacy,
      extracted: extracted, comparison: comparison)
    writer.submit(&evidence, pair: comparison.outcome == .mismatched ? pair : nil)
  }

  @Test func aReportReadBackIsTheReportOfTheRun() async throws {
    let run = try await run()
    let writer = writer(run)
    var evidence = ShadowEvidence()
    compare(&evidence, extracted: 2, writer)
    try await writer.flush()
    compare(&evidence, extracted: 1, writer)
    compare(&evidence, endpoint: "GET /b", extracted: 1, writer)
    evidence.recordDrop(.noSlot, endpoint: "GET /b")
    evidence.recordTriples([Self.total: .extracted], endpoint: "GET /a")
    evidence.recordTriples([Self.total: .volatile], endpoint: "GET /a")
    writer.submit(&evidence)
    try await writer.flush()
    try await writer.flush()
    var expected = evidence.report()
    expected.endpoints[0].paths[0].pairs = [1]
    expected.runs = [
      .init(number: run, source: "replay", legacy: "a", extracted: "b", startedAt: 1)
    ]
    #expect(expected.text().hasPrefix("run 1, replay: a as legacy, b extracted\n"))
    #expect(try await store.report(runs: [run]) == expected)
    #expect(try await store.report() == expected)
    let one = try await store.report(endpoint: "GET /b")
    #expect(one.endpoints == [expected.endpoints[1]])
    let pairs = try await store.pairs(of: expected)
    #expect(pairs[1]?.legacy.body == ["{", #"  "total": 1"#, "}"])
    #expect(pairs[1]?.differences.map(\.pathKind) == [Self.total])
    #expect(pairs[1]?.request == "GET /a")
    #expect(try await store.pair(2) == nil)
  }

  @Test func onlyTheOwnerMayRead() async throws {
    _ = try await run()
    for name in ["s.sqlite", "s.sqlite-wal"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(name))
      #expect("\(attributes[.posixPermissions] ?? "none")" == "\(0o600)", "\(name)")
    }
  }

  @Test func runsAddUpAndAreListed() async throws {
    for time in [1, 5] as [Int64] {
      let run = try await run(at: time)
      let writer = writer(run)
      var evidence = ShadowEvidence()
      compare(&evidence, extracted: 2, writer)
      for _ in 0..<6 { evidence.recordTriples([Self.total: .extracted], endpoint: "GET /a") }
      writer.submit(&evidence)
      try await writer.flush()
      try await store.end(run: run, at: 9)
    }
    #expect(try await store.runs().map(\.number) == [2, 1])
    #expect(try await store.runs().first?.endedAt == 9)
    #expect(try await store.report(runs: [1]).endpoints.first?.paths.first?.label == .likely)
    #expect(try await store.report().endpoints.first?.paths.first?.label == .real)
    #expect(try await store.report().comparisons == 2)
    #expect(try await store.report().text().hasPrefix("2 runs together, from 1 to 2\n"))
  }

  @Test func peopleWantToSeeTheLiveRunThatGoesOn() async throws {
    func current(at time: Int64) async throws -> Int64? {
      try await store.currentRun(at: time)?.number
    }
    #expect(try await current(at: 1) == nil)
    let killed = try await store.begin(.live, legacy: "a", extracted: "b", at: 1)
    let live = try await store.begin(.live, legacy: "a", extracted: "b", at: 2)
    #expect(try await current(at: 3) == live)
    let replay = try await run(at: 3)
    #expect(try await current(at: 3) == live)
    try await store.end(run: live, at: 4)
    #expect(try await current(at: 5) == killed)
    #expect(try await current(at: 2 + EvidenceRun.patience) == replay)
  }

  @Test func aRunThatGoesOnIsKeptHoweverManyNewerOnesThereAre() async throws {
    let live = try await run(at: 100)
    let killed = try await run(at: 100)
    for _ in 0..<3 {
      let replay = try await run(at: 200)
      try await store.end(run: replay, at: 300)
    }
    let retention = EvidenceRetention(age: 10 * EvidenceRun.patience, runs: 2, pairs: 9)
    let now = 100 + EvidenceRun.patience
    try await store.touch(run: live, at: now)
    try await store.prune(retention, at: now)
    #expect(try await store.runs().map(\.number) == [5, 4, killed, live])
    // Nothing was written to the killed one for too long by now.
    try await store.prune(retention, at: now + 1)
    #expect(try await store.runs().map(\.number) == [5, 4, live])
    // It is written to as ever.
    let writer = writer(live)
    var evidence = ShadowEvidence()
    compare(&evidence, extracted: 2, writer)
    try await writer.flush()
    try await store.end(run: live, at: now)
    try await store.prune(retention, at: now + 1)
    #expect(try await store.runs().map(\.number) == [5, 4])
  }

  @Test func whatExceedsTheRetentionGoes() async throws {
    for time in [100, 200, 300] as [Int64] {
      let run = try await run(at: time)
      let writer = writer(run, at: time)
      var evidence = ShadowEvidence()
      compare(&evidence, extracted: 2, writer)
      compare(&evidence, extracted: 3, writer)
      try await writer.flush()
    }
    try await store.prune(EvidenceRetention(age: 150, runs: 9, pairs: 9), at: 300)
    #expect(try await store.runs().map(\.number) == [3, 2])
    #expect(try await store.pair(1) == nil)
    try await store.prune(EvidenceRetention(age: 1_000, runs: 9, pairs: 3), at: 300)
    #expect(try await store.pair(3) == nil)
    #expect(try await store.pair(4) != nil)
    try await store.end(run: 2, at: 300)
    try await store.prune(EvidenceRetention(age: 1_000, runs: 1, pairs: 3), at: 300)
    #expect(try await store.runs().map(\.number) == [3])
    #expect(try await store.report().comparisons == 2)
    let rows = try await rows(of: ["counter", "path_kind", "pair_difference"])
    let left = try await store.report().endpoints.count
    #expect(left == 1)
    #expect(rows["pair_difference"] == 2)
    #expect(rows["path_kind"] == 1)
  }

  @Test func theOldestPairsAndRunsMakeRoom() async throws {
    func pair(_ number: Int) -> ShadowPair {
      let body = ShownAnswer(
        status: "200", headers: [], body: [String(repeating: "x", count: 4_000)], isCut: false)
      return ShadowPair(
        endpoint: "GET /a", request: "GET /\(number)", comparedAt: 0, legacy: body,
        extracted: body,
        differences: [Difference(pathKind: Self.total, legacy: "1", extracted: "2")])
    }
    let ended = try await run(at: 1)
    try await store.end(run: ended, at: 2)
    let live = try await run(at: 3)
    try await store.write(nil, pairs: (0..<200).map(pair), run: live, at: 4)
    func size() throws -> Int {
      let file = try FileManager.default.attributesOfItem(atPath: folder.path("s.sqlite"))
      return file[.size] as? Int ?? 0
    }
    let generous = EvidenceRetention(age: 1_000, bytes: 16 << 20)
    #expect(try await !store.exceeds(generous))
    try await store.prune(generous, at: 5)
    #expect(try await rows(of: ["pair"]) == ["pair": 200])
    let tight = EvidenceRetention(age: 1_000, bytes: 512 << 10)
    #expect(try await store.exceeds(tight))
    try await store.prune(tight, at: 5)
    #expect(try await !store.exceeds(tight))
    let left = try await rows(of: ["pair"])["pair"] ?? 0
    #expect((20..<100).contains(left))
    #expect(try await store.pair(1) == nil)
    #expect(try await store.pair(200) != nil)
    // The file itself became smaller.
    try await store.prune(tight, at: 5)
    #expect(try size() <= tight.bytes * 5 / 4)
    try await store.prune(EvidenceRetention(age: 1_000, bytes: 1), at: 5)
    #expect(try await store.runs().map(\.number) == [live])
  }

  private func rows(of tables: [String]) async throws -> [String: Int] {
    try await DatabaseQueue(path: folder.path("s.sqlite")).read { db in
      try tables.reduce(into: [:]) {
        $0[$1] = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($1)")
      }
    }
  }

  @Test func waitingPairsAreBounded() async throws {
    let run = try await run()
    let writer = writer(run)
    var evidence = ShadowEvidence()
    for _ in 0..<(EvidenceWriter.waitingPairs + 5) {
      compare(&evidence, extracted: 2, writer)
    }
    try await writer.flush()
    #expect(try await rows(of: ["pair"]) == ["pair": EvidenceWriter.waitingPairs])
    #expect(try await store.report().comparisons == EvidenceWriter.waitingPairs + 5)
  }

  @Test func aBatchThatCannotBeWrittenIsWrittenWithTheNext() async throws {
    let writer = writer(7)
    var evidence = ShadowEvidence()
    compare(&evidence, extracted: 2, writer)
    // The run is not there yet, and every row refers to it.
    await #expect(throws: (any Error).self) { try await writer.flush() }
    for _ in 0..<7 { _ = try await run() }
    compare(&evidence, extracted: 3, writer)
    try await writer.flush()
    #expect(
      try await store.report(runs: [7])
        == {
          var report = evidence.report()
          report.endpoints[0].paths[0].pairs = [2, 1]
          report.runs = [
            .init(number: 7, source: "replay", legacy: "a", extracted: "b", startedAt: 1)
          ]
          return report
        }())
  }

  @Test func approvalsAreKeptWithActorAndReasonAndCanBeRevoked() async throws {
    let approval = NoiseApproval(
      endpoint: "GET /a", pathKind: Self.total, actor: "ann", reason: "clock", approvedAt: 4)
    #expect(try await store.evidence(of: Self.total, endpoint: "GET /a") == nil)
    #expect(try await store.approve(approval) == .done)
    #expect(try await store.approve(approval) == .unchanged)
    #expect(try await store.approvals() == [approval])
    let run = try await run()
    let writer = writer(run)
    var evidence = ShadowEvidence()
    compare(&evidence, extracted: 2, writer)
    try await writer.flush()
    #expect(try await store.evidence(of: Self.total, endpoint: "GET /a")?.label == .undecided)
    #expect(try await store.report().endpoints.first?.paths.first?.approval == approval)
    func revoke() async throws -> ShadowEvidenceStore.ApprovalOutcome {
      try await store.revoke(
        Self.total, endpoint: "GET /a", actor: "bob", reason: "no clock", at: 5)
    }
    #expect(try await revoke() == .done)
    #expect(try await revoke() == .unchanged)
    #expect(try await store.approvals() == [])
    #expect(try await store.approve(approval) == .done)
    #expect(try await rows(of: ["approval"]) == ["approval": 2])
  }

  @Test func filesThatAreNotOursAreRefused() throws {
    func code(_ body: () throws -> ShadowEvidenceStore) -> EvidenceStoreError.Code? {
      do {
        _ = try body()
        return nil
      } catch {
        return (error as? EvidenceStoreError)?.code
      }
    }
    let missing = folder.path("missing.sqlite")
    #expect(code { try ShadowEvidenceStore(path: missing, creates: false) } == .missing)
    let text = folder.path("text.sqlite")
    try String(repeating: "no database ", count: 100)
      .write(toFile: text, atomically: true, encoding: .utf8)
    #expect(code { try ShadowEvidenceStore(path: text, creates: true) } == .unreadable)
    let newer = folder.path("newer.sqlite")
    _ = try ShadowEvidenceStore(path: newer, creates: true)
    try DatabaseQueue(path: newer).write { db in
      try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('2: of tomorrow')")
    }
    #expect(code { try ShadowEvidenceStore(path: newer, creates: false) } == .newerSchema)
    #expect(code { try ShadowEvidenceStore(reading: newer) } == .newerSchema)
    let foreign = folder.path("foreign.sqlite")
    try DatabaseQueue(path: foreign).write { try $0.execute(sql: "CREATE TABLE mine (x)") }
    let before = try Data(contentsOf: URL(filePath: foreign))
    #expect(code { try ShadowEvidenceStore(reading: foreign) } == .unreadable)
    #expect(code { try ShadowEvidenceStore(path: foreign, creates: true) } == .unreadable)
    #expect(try Data(contentsOf: URL(filePath: foreign)) == before)
    // A file without anything is nobody's.
    let empty = folder.path("empty.sqlite")
    #expect(FileManager.default.createFile(atPath: empty, contents: nil))
    #expect(code { try ShadowEvidenceStore(path: empty, creates: true) } == nil)
    #expect(code { try ShadowEvidenceStore(reading: empty) } == nil)
    let ledger = folder.path("ledger.sqlite")
    try DatabaseQueue(path: ledger).write { try $0.execute(sql: "CREATE VIEW run AS SELECT 1") }
    #expect(code { try ShadowEvidenceStore(path: ledger, creates: true) } == .unreadable)
  }
}
