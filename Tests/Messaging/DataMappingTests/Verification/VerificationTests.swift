// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// Planted differences are found, all of them and nothing else.
@Suite struct VerificationTests {
  private struct Tables {
    let legacyDigests: RowDigests
    let newDigests: RowDigests
    /// In the order of the translation's columns.
    var legacy: [[FieldValue]] = []
    var new: [[FieldValue]] = []

    init(rows: Int) throws {
      let check = SmallTables.check
      #expect(check.findings == [])
      let translation = try #require(check.translation)
      legacyDigests = try #require(RowDigests(check, .legacy, composed: composed))
      newDigests = try #require(RowDigests(check, .new, composed: composed))
      for id in 0..<rows {
        let row = translation.legacyColumns.map { column -> FieldValue in
          switch column {
          case "id": .integer(Int64(id))
          case "cents": .integer(Int64(id) * 7 - 300)
          case "name": id % 10 == 0 ? .null : .text("Zoë \(id)")
          case "code": .text("\(id * 3)")
          default: .text(id % 3 == 0 ? "placed" : "sent")
          }
        }
        legacy.append(row)
        new.append(try translation.forward(row))
      }
    }

    func verified(_ limits: Verification.Limits) -> Verification {
      var verification = Verification(limits)
      while verification.step != .done {
        var one = VerificationPass(verification.step, legacyDigests)
        var other = VerificationPass(verification.step, newDigests)
        for row in legacy { RawRows.with(row) { one.take($0) } }
        for row in new { RawRows.with(row, digits: nil) { other.take($0) } }
        verification.passed(legacy: one, new: other, newDigests)
      }
      return verification
    }
  }

  /// Places in a new row.
  private enum At { static let (total, number, name, state, code) = (0, 1, 2, 3, 4) }

  @Test func `equal tables are equal in any order`() throws {
    var tables = try Tables(rows: 400)
    var random = SeededRandom(seed: 3)
    tables.new.shuffle(using: &random)
    let verification = tables.verified(.init())
    #expect(verification.isEqual && verification.drifts == [])
    #expect(verification.rows.legacy == 400 && verification.rows.new == 400)
    #expect(verification.digests.legacy == verification.digests.new)
    let empty = try Tables(rows: 0).verified(.init())
    #expect(empty.isEqual && empty.rows.new == 0)
  }

  @Test(arguments: 0..<12)
  func `random drifts are found, exactly those`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let count = 300
    var tables = try Tables(rows: count)
    let order = Array(0..<count).shuffled(using: &random)
    let sizes = (0..<4).map { _ in Int.random(in: 0...30, using: &random) }
    let (missing, rest) = (order.prefix(sizes[0]), order.dropFirst(sizes[0]))
    let differing = rest.prefix(sizes[1])
    // Only texts beyond ASCII have another encoding.
    let encoded = rest.dropFirst(sizes[1]).filter { $0 % 10 != 0 }.prefix(sizes[2])
    for id in differing {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: tables.new[id][At.total] = .integer(1_000_000)
      case 1: tables.new[id][At.name] = tables.new[id][At.name] == .null ? .text("") : .null
      case 2: tables.new[id][At.state] = .integer(7)
      default: tables.new[id][At.code] = .integer(-1)
      }
    }
    for id in encoded {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: tables.new[id][At.name] = .text("ZoÃ« \(id)")
      case 1: tables.new[id][At.name] = .text("Zoe\u{308} \(id)")
      case 2:
        tables.new[id][At.name] = .text(
          ExactText(bytes: Array("Zo".utf8) + [0xEB] + Array(" \(id)".utf8)))
      default: tables.new[id][At.code] = .text("\(id * 3)")
      }
    }
    for id in 0..<sizes[3] {
      var extra = tables.new[0]
      extra[At.number] = .integer(Int64(10_000 + id))
      tables.new.append(extra)
    }
    let gone = Set(missing)
    tables.new = tables.new.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
      .shuffled(using: &random)
    var limits = Verification.Limits()
    limits.listed = 1_000
    // Several batches.
    limits.rows = Int.random(in: 1...60, using: &random)
    let verification = tables.verified(limits)
    func keys(_ kind: Drift.Kind) -> [String] {
      verification.drifts.filter { $0.kind == kind }.map(\.place)
    }
    func places(_ ids: some Sequence<Int>) -> [String] { ids.sorted().map { "number = \($0)" } }
    #expect(keys(.missing) == places(missing))
    #expect(keys(.extra) == places(10_000..<10_000 + sizes[3]))
    #expect(keys(.differs) == places(differing))
    #expect(keys(.encoding) == places(encoded))
    for kind in Drift.Kind.allCases { #expect(verification.counts[kind] == keys(kind).count) }
    limits.listed = 2
    let short = tables.verified(limits)
    #expect(short.counts == verification.counts)
    for kind in Drift.Kind.allCases {
      #expect(short.drifts.count { $0.kind == kind } == min(2, verification.counts[kind]))
    }
  }

  @Test func `columns that differ are named, and values that have nothing to become`() throws {
    var tables = try Tables(rows: 3)
    tables.new[1][At.total] = .integer(9)
    tables.legacy[2] = try Tables(rows: 3).legacy[2].map { $0 == .text("6") ? .text("06") : $0 }
    let verification = tables.verified(.init())
    #expect(verification.counts[.differs] == 2 && verification.counts.all == 2)
    let first = try #require(verification.drifts.first)
    #expect(first.place == "number = 1")
    #expect(first.columns.map(\.name) == ["total"])
    #expect(first.columns.first?.legacy == "-2.93" && first.columns.first?.new == "9")
    let second = try #require(verification.drifts.last)
    #expect(second.columns.map(\.name) == ["code"])
    #expect(
      second.columns.first?.refusal == "code = \"06\" would come back as another value")
  }

  @Test func `only the first rows of a table that differs throughout are kept`() throws {
    var tables = try Tables(rows: 500)
    for id in tables.new.indices { tables.new[id][At.total] = .integer(1 << 40) }
    var limits = Verification.Limits()
    (limits.rows, limits.listed) = (10, 0)
    let verification = tables.verified(limits)
    #expect(verification.counts[.differs] == 500 && verification.drifts == [])
  }
}
