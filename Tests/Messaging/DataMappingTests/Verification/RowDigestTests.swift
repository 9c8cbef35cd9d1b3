// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// Both sides have one digest for one row, whatever it is made of and however it is stored.
@Suite struct RowDigestTests {
  private static let emails = ["a@x", "é@x", "e\u{301}@x", ""]

  private static func row(
    _ columns: [String], _ random: inout SeededRandom
  ) -> [FieldValue] {
    func integer() -> Int64 {
      Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0...63, using: &random)
    }
    return columns.map { column in
      switch column {
      case "id", "tenant", "cents": return .integer(integer())
      case "customer": return .text(emails.randomElement(using: &random) ?? "")
      case "code": return .text("\(integer())")
      case "placed":
        return .timestamp(
          microseconds: Int64.random(in: TimeText.range, using: &random))
      case "status": return Bool.random(using: &random) ? .null : .text("shipped")
      case "name": return .text("Zoë \(integer())")
      case "weight":
        return .real(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1_024)
      case "note": return Bool.random(using: &random) ? .null : .text("\(integer()) ß")
      default: return .text("\(integer())")
      }
    }
  }

  @Test(arguments: [4, nil] as [Int?])
  func `a translated row and the new one have one digest`(digits: Int?) throws {
    let check = SampleMapping.check()
    let translation = try #require(check.translation)
    let legacy = try #require(RowDigests(check, .legacy, composed: composed))
    let new = try #require(RowDigests(check, .new, composed: composed))
    #expect(legacy.columns == new.columns && legacy.columns.first == "order_id")
    var random = SeededRandom(seed: 11)
    for _ in 0..<2_000 {
      let row = Self.row(translation.legacyColumns, &random)
      let place = try #require(translation.legacyColumns.firstIndex(of: "customer"))
      let number = Int64.random(in: 0...9, using: &random)
      var lookups = LookupTables()
      lookups.add("customer_id", key: [row[place]], taken: .integer(number))
      let made = try translation.forward(row, lookups)
      // SQLite keeps no more than 53 bits of a fraction.
      let isExact = made.allSatisfy { value in
        guard case .decimal(let decimal) = value, digits == nil else { return true }
        return decimal.integer != nil || ExactDecimal(shortest: decimal.real) == decimal
      }
      guard isExact else { continue }
      let one = RawRows.with(row + [row[place], .integer(number)]) { legacy.digest($0) }
      let other = RawRows.with(made, digits: digits) { new.digest($0) }
      #expect(one != nil && one == other, "\(row)")
    }
  }

  /// Values are told apart as `FieldValue` does it: NULL is no empty text, 1 is no decimal.
  @Test func `what is not equal has another digest`() throws {
    let check = SampleMapping.check()
    let new = try #require(RowDigests(check, .new, composed: composed))
    let columns = try #require(check.translation).newColumns
    let memo = try #require(columns.firstIndex(of: "memo"))
    let values: [FieldValue] = [
      .null, .text(""), .text("a"), .text("a\0"), .text("é"), .text("e\u{301}"), .integer(1),
      .bytes([]), .bytes([97]), .boolean(true), .boolean(false), .real(0), .real(-0.0), .real(1),
      .timestamp(microseconds: 1), .integer(0), .text("12345678"), .text("12345678\0"),
    ]
    var row = [FieldValue](repeating: .null, count: columns.count)
    let digests = values.map { value in
      row[memo] = value
      return RawRows.with(row) { new.digest($0) }?.row
    }
    #expect(Set(digests).count == values.count)
  }

  @Test func `decimals are one number however they are written`() throws {
    let check = SampleMapping.check()
    let new = try #require(RowDigests(check, .new, composed: composed))
    let columns = try #require(check.translation).newColumns
    let place = try #require(columns.firstIndex(of: "kilograms"))
    func digest(_ text: String) -> UInt64? {
      let bytes = Array(text.utf8)
      var fields = [RawField](repeating: .null, count: columns.count)
      return bytes.withUnsafeBytes { buffer in
        fields[place] = .number(buffer)
        return fields.withUnsafeBufferPointer { new.digest($0) }?.row
      }
    }
    func digest(_ field: RawField) -> UInt64? {
      var fields = [RawField](repeating: .null, count: columns.count)
      fields[place] = field
      return fields.withUnsafeBufferPointer { new.digest($0) }?.row
    }
    let alike = [
      ["1.5", "1.50", "001.500"], ["0", "-0", "0.000"], ["-7", "-7.0"],
      ["123456789012345678901.10", "123456789012345678901.1"], ["1000", "1000.0"],
    ]
    for group in alike { #expect(Set(group.map { digest($0) }).count == 1, "\(group)") }
    #expect(Set(alike.map { digest($0[0]) }).count == alike.count)
    #expect(digest("1.5") == digest(.real(1.5)) && digest("1000") == digest(.integer(1_000)))
    #expect(digest("999999999999999999") == digest(.integer(999_999_999_999_999_999)))
    #expect(digest("9223372036854775807") == digest(.integer(.max)))
    #expect(digest("-9223372036854775808") == digest(.integer(.min)))
    #expect(digest("NaN") != digest("0"))
  }

  @Test func `digests of ranges do not depend on the order`() {
    var random = SeededRandom(seed: 5)
    let rows = (0..<500).map { _ in random.next() }
    var (one, other, parts) = (RangeDigest(), RangeDigest(), RangeDigest())
    for row in rows { one.add(row) }
    for row in rows.shuffled(using: &random) { other.add(row) }
    for start in stride(from: 0, to: 500, by: 50) {
      var part = RangeDigest()
      for row in rows[start..<start + 50] { part.add(row) }
      parts.add(part)
    }
    #expect(one == other && one == parts && one.count == 500)
    other.add(0)
    #expect(one != other)
  }
}
