// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

@Suite struct BackfillDecisionTests {
  @Test func `chunks become as large as their time allows`() {
    var pace = ChunkPace()
    var seconds = 0.0
    // 20,000 rows a second.
    for _ in 0..<10 {
      let rows = pace.rows
      seconds = Double(rows) / 20_000
      let wait = pace.took(seconds, rows: rows)
      #expect(wait == 0)
    }
    #expect(ChunkPace.target.contains(Double(pace.rows) / 20_000))
    // A hundred times slower.
    for _ in 0..<10 {
      let rows = pace.rows
      _ = pace.took(Double(rows) / 200, rows: rows)
    }
    #expect(ChunkPace.target.contains(Double(pace.rows) / 200))
    for _ in 0..<40 { _ = pace.took(100, rows: pace.rows) }
    #expect(pace.rows == 1)
  }

  @Test func `a chunk has limits, and waits for its rate`() {
    var limits = ChunkPace.Limits()
    (limits.first, limits.largest, limits.rate) = (500, 800, 1_000)
    var pace = ChunkPace(limits)
    var wait = pace.took(0.1, rows: 500)
    #expect(wait == 0.4 && pace.rows == 800)
    wait = pace.took(0.001, rows: 10)
    #expect(wait < 0.01 && pace.rows == 800)
    wait = pace.took(2, rows: 800)
    #expect(wait == 0)
  }

  @Test func `a chunk waits while changes do, longer while they get more, and never for good`() {
    var pace = ChunkPace()
    let waits = [500, 2_000, 3_000, 4_000, 4_000, 2_000, 1_000, 1_001].map { pace.saw(waiting: $0) }
    #expect(waits == [0, 0.25, 0.5, 1, 0.5, 0.25, 0, 0.25])
    for waiting in 0..<20 { #expect(pace.saw(waiting: 9_000 + waiting) <= 5) }
  }

  @Test func `a chunk that is refused is divided, down to a few rows`() {
    var limits = ChunkPace.Limits()
    limits.first = 5_000
    var pace = ChunkPace(limits)
    var sizes: [Int] = []
    repeat { sizes.append(pace.rows) } while pace.refused(rows: pace.rows)
    #expect(sizes == [5_000, 1_250, 312, 100])
    // The end of a table is as few.
    #expect(!pace.refused(rows: 7) && pace.rows == 100)
  }

  @Test func `positions are read as they were written`() throws {
    let keys: [[FieldValue]] = [
      [.integer(-5)], [.text("é'\0"), .integer(.max)], [.decimal(ExactDecimal("-12.50")!)],
      [.decimal(ExactDecimal("123456789012345678901234.5")!), .boolean(true), .null],
      [.bytes([0, 255]), .timestamp(microseconds: -1), .real(0.1)], [.text("")],
    ]
    for key in keys {
      var position = BackfillPosition(fingerprint: "x")
      position.last = key
      #expect(BackfillPosition.last(of: position.encodedLast) == .some(key))
    }
    #expect(BackfillPosition.last(of: "") == .some(nil))
    #expect(BackfillPosition(fingerprint: "x").encodedLast == "")
    for text in ["zz", "0", "0200", "ff00000000000000", "0600000000000001"] {
      #expect(BackfillPosition.last(of: text) == nil, "\(text)")
    }
  }

  @Test func `a changed mapping has another fingerprint`() throws {
    func fingerprint(_ change: (inout TableMapping) -> Void = { _ in }) throws -> String {
      try #require(MappingStatements(SampleMapping.check(change))).fingerprint
    }
    let same = try fingerprint()
    #expect(try fingerprint() == same && same.count == 16)
    #expect(try fingerprint { $0.set("origin", .constant("app")) } != same)
    #expect(
      try fingerprint {
        $0.set("state", .values("status", .init([.init("placed", "4"), .init("", "3")])))
      } != same)
    let forward = try fingerprint { $0.isReversed = false }
    let filtered = try fingerprint {
      $0.isReversed = false
      $0.filter = [RowCondition("tenant", .oneOf(["1"]))]
    }
    #expect(filtered != forward)
  }

  @Test func `statements that read and add`() throws {
    let check = SampleMapping.check()
    let statements = try #require(MappingStatements(check))
    let chunk = statements.chunk(behind: [.integer(7)], rows: 5)
    #expect(chunk.contains("WHERE (t.\"id\" > 7)\nORDER BY t.\"id\"\nLIMIT 5"))
    #expect(chunk.contains("LEFT JOIN \"customers\" AS j0 ON j0.\"email\" = t.\"customer\""))
    #expect(!statements.chunk(behind: nil, rows: 5).contains("WHERE"))
    let stream = statements.stream(.legacy)
    #expect(stream.contains("t.\"id\"::int8") && stream.contains("j0.\"number\"::int8"))
    #expect(!stream.contains("ORDER BY"))
    #expect(statements.stream(.new).contains("t.\"total\"::text"))
    #expect(statements.addsOne.hasSuffix("ON CONFLICT (\"order_id\") DO NOTHING"))
  }
}
