// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

@Suite struct ConversionTests {
  private static let text = ColumnType.text(limit: nil)
  private static let zoned = ColumnType.timestamp(hasZone: true, digits: 6)

  @Test(
    arguments: [
      (ColumnType.integer(bits: 32), ColumnType.integer(bits: 64), true),
      (.integer(bits: 64), .integer(bits: 32), false),
      (.integer(bits: 16), .decimal(precision: 5, scale: 0), true),
      (.integer(bits: 16), .decimal(precision: 5, scale: 1), false),
      (.decimal(precision: 5, scale: 2), .decimal(precision: 6, scale: 2), true),
      (.decimal(precision: 5, scale: 2), .decimal(precision: 6, scale: 4), false),
      (text, text, true), (text, .text(limit: 5), false),
      (.boolean, .boolean, true), (zoned, zoned, false), (.date, .date, false),
      (.other("inet"), .other("inet"), true),
    ] as [(ColumnType, ColumnType, Bool)])
  func `what needs no row to be looked at`(from: ColumnType, to: ColumnType, isTotal: Bool) throws {
    #expect(try Conversion(from: from, to: to).isTotal == isTotal)
  }

  @Test(
    arguments: [
      (
        text, ColumnType.integer(bits: 64), nil,
        "text does not become integer of 64 bits by itself; say \"cast: integer\""
      ),
      (
        .real(bits: 64), .integer(bits: 64), ColumnType.Family.integer,
        "loses information: real of 64 bits does not fit into integer of 64 bits"
      ),
      (
        .real(bits: 64), .real(bits: 32), nil,
        "loses information: real of 64 bits does not fit into real of 32 bits"
      ),
      (
        .timestamp(hasZone: true, digits: 6), .date, .date,
        "loses information: timestamp with time zone does not fit into date"
      ),
      (
        .timestamp(hasZone: true, digits: 6), .timestamp(hasZone: false, digits: 6), nil,
        "timestamp with time zone and timestamp without time zone differ by a time zone that nobody has told"
      ),
      (text, .bytes, nil, "there is no way from text to bytes"),
      (.other("inet"), .other("cidr"), nil, "there is no way from inet to cidr"),
      (text, text, .integer, "the column is text, which is not what \"cast: integer\" makes"),
    ] as [(ColumnType, ColumnType, ColumnType.Family?, String)])
  func `types between which there is no way`(
    from: ColumnType, to: ColumnType, family: ColumnType.Family?, message: String
  ) {
    let refusal = #expect(throws: Conversion.Impossible.self) {
      try Conversion(from: from, to: to, cast: family.map(ColumnRule.Cast.init))
    }
    #expect(refusal?.text == message)
  }

  @Test func `a scale and a unit belong where they mean something`() {
    let scaled = #expect(throws: Conversion.Impossible.self) {
      try Conversion(
        from: Self.text, to: .integer(bits: 64), cast: SampleMapping.cast(.integer, scale: 2))
    }
    #expect(scaled?.text == "a scale is between integer and decimal; leave it out")
    let timed = #expect(throws: Conversion.Impossible.self) {
      try Conversion(
        from: Self.text, to: .integer(bits: 64), cast: SampleMapping.cast(.integer, unit: .seconds))
    }
    #expect(timed?.text == "unit and form are for times; leave them out")
  }

  /// Each with what it becomes, which comes back; nil for what is refused.
  @Test(
    arguments: [
      (text, ColumnType.integer(bits: 64), FieldValue.text("-42"), FieldValue.integer(-42)),
      (text, .integer(bits: 64), .text("+42"), nil), (text, .integer(bits: 64), .text("-0"), nil),
      (text, .integer(bits: 16), .text("40000"), nil), (text, .integer(bits: 64), .text(""), nil),
      (text, .decimal(precision: 6, scale: 2), .text("12.5"), .decimal(ExactDecimal("12.5")!)),
      (text, .decimal(precision: 6, scale: 2), .text("12.50"), nil),
      (text, .decimal(precision: 6, scale: 2), .text("12.505"), nil),
      (text, .boolean, .text("true"), .boolean(true)), (text, .boolean, .text("TRUE"), nil),
      (.integer(bits: 64), .boolean, .integer(1), .boolean(true)),
      (.integer(bits: 64), .boolean, .integer(2), nil),
      (
        .real(bits: 64), .decimal(precision: 4, scale: 2), .real(0.29),
        .decimal(ExactDecimal("0.29")!)
      ),
      (.real(bits: 64), .decimal(precision: 4, scale: 2), .real(0.1 + 0.2), nil),
      (
        text, zoned, .text("2024-02-29 12:30:00.250"),
        .timestamp(microseconds: 1_709_209_800_250_000)
      ),
      (text, zoned, .text("2023-02-29 12:30:00.000"), nil), (text, zoned, .text("2024-02-29"), nil),
      (text, zoned, .text("2024-02-29 24:00:00.000"), nil),
      (text, .date, .text("2024-02-29"), .text("2024-02-29")),
      (text, .date, .text("2023-02-29"), nil),
      (
        text, .uuid, .text("3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        .text("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
      ),
      (text, .uuid, .text("3F2504E0-4F89-41D3-9A0C-0305E82C3301"), nil),
      (.integer(bits: 64), zoned, .integer(-1), .timestamp(microseconds: -1_000_000)),
      (.integer(bits: 64), zoned, .integer(.max), nil),
      (zoned, .integer(bits: 64), .timestamp(microseconds: 1), nil),
      (.decimal(precision: nil, scale: nil), text, .decimal(ExactDecimal("1e-3")!), .text("0.001")),
    ] as [(ColumnType, ColumnType, FieldValue, FieldValue?)])
  func `casts`(from: ColumnType, to: ColumnType, value: FieldValue, expected: FieldValue?) throws {
    let conversion = try Conversion(from: from, to: to, cast: ColumnRule.Cast(to.family))
    let result = try? conversion.convert(value)
    #expect(result == expected)
    if let result { #expect(try conversion.inverted.convert(result) == value) }
    #expect(try conversion.convert(.null) == .null)
  }

  @Test func `times are written and read for each day of 1,200 years`() {
    let form = TimeText(form: .iso, unit: .seconds)
    for day in Int64(-250_000)...190_000 where day % 7 == 0 {
      let time = day * 86_400_000_000 + 3_661_000_000
      guard let text = form.text(of: time), form.microseconds(of: text) == time else {
        Issue.record("\(day)")
        return
      }
    }
    #expect(form.text(of: TimeText.range.lowerBound) == "0001-01-01T00:00:00Z")
    #expect(form.text(of: TimeText.range.upperBound - 1_000_000) == "9999-12-31T23:59:59Z")
    #expect(form.text(of: TimeText.range.upperBound) == nil)
  }

  @Test(arguments: [
    ("0", "0"), ("-0.00", "0"), ("+1.50", "1.5"), ("1e3", "1000"), ("12e-4", "0.0012"),
    ("-.5", "-0.5"), ("100", "100"),
    ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
  ])
  func `decimals are exact`(text: String, expected: String) throws {
    #expect(try #require(ExactDecimal(text)).description == expected)
  }

  @Test(arguments: ["", "-", ".", "1.2.3", "1e", "e5", "NaN", "Infinity", "1e999999999", "1 "])
  func `what is no decimal`(text: String) { #expect(ExactDecimal(text) == nil) }
}
