// SPDX-License-Identifier: Apache-2.0

import DataMapping
import GRDB
import MappedStores
import MessagingTestSupport
import Testing

@testable import LibraryExamples

@Suite("Worked example of data that moves", .timeLimit(.minutes(1)))
struct DualWriteExampleTests {
  private static let mapping = TableMapping(
    name: "prices", legacy: .init(store: "legacy", table: "articles"),
    new: .init(store: "new", table: "prices"),
    columns: [.init("article", .rename("id")), .init("amount", .rename("cents"))])

  private let folder: TemporaryFolder
  private let legacy: DatabaseQueue
  private let new: DatabaseQueue

  init() throws {
    folder = try TemporaryFolder()
    legacy = try DatabaseQueue(path: folder.path("legacy.sqlite"))
    new = try DatabaseQueue(path: folder.path("new.sqlite"))
    try legacy.write {
      try $0.execute(sql: "CREATE TABLE articles (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)")
    }
    try new.write {
      try $0.execute(
        sql: "CREATE TABLE prices (article INTEGER PRIMARY KEY, amount INTEGER NOT NULL)")
    }
  }

  private var articles: [String] {
    get async throws {
      try await legacy.read {
        try String.fetchAll($0, sql: "SELECT id || ' costs ' || cents FROM articles")
      }
    }
  }

  private var newPrices: [String] {
    get async throws {
      try await new.read {
        try String.fetchAll($0, sql: "SELECT article || ' costs ' || amount FROM prices")
      }
    }
  }

  /// Gives writes and reads to the new side, as `strangler data advance` does.
  private func moveToTheNewSide() async throws {
    let stores = try MovingStores(
      Self.mapping,
      DataSettings(
        stores: [
          .init(name: "legacy", place: .file(folder.path("legacy.sqlite"))),
          .init(name: "new", place: .file(folder.path("new.sqlite"))),
        ], mappings: [Self.mapping]))
    let check = MappingCheck(
      Self.mapping,
      legacy: try await stores.legacy.reading.schema(of: ["articles"], within: .seconds(10)),
      new: try await stores.new.reading.schema(of: ["prices"], within: .seconds(10)))
    let run = try #require(MigrationRun(check, stores))
    for _ in 0..<3 {
      let seen = try await run.migration()
      var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
      evidence.backfill = .finished
      evidence.comparison = .equal(rows: 0, digest: "")
      guard case .begin(let decision) = seen.decide(.advance, evidence) else {
        Issue.record("refused: \(seen.decide(.advance, evidence))")
        return
      }
      let author = MigrationRun.Author(actor: "test", reason: "to see") { 0 }
      let outcome = try await run.carryOut(
        decision, over: seen, .advance, evidence: "", author)
      #expect(outcome.turnedBack == nil)
    }
  }

  @Test func `a service writes and reads where the data is`() async throws {
    let prices = Prices(mapping: "prices", legacy: legacy, new: new)
    let before = try await prices.set(7, cents: 100)
    #expect(try await prices.cents(of: 7, after: before) == 100)
    #expect(try await articles == ["7 costs 100"])
    #expect(try await newPrices == [])

    try await moveToTheNewSide()
    let after = try await prices.set(8, cents: 200)
    #expect(try await prices.cents(of: 8, after: after) == 200)
    #expect(try await newPrices.contains("8 costs 200"))
  }
}
