// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// Rows that went to the new side and came back are what they were, byte by byte.
@Suite struct RoundTripTests {
  private struct Rows {
    var random: SeededRandom
    let emails: [String]

    private static let alphabet: [Character] = [
      "a", "B", "0", " ", "'", "\"", ",", "\\", "%", "é", "e\u{301}", "ß", "日", "😀", "\n", "-",
    ]

    mutating func text(_ longest: Int, without separator: String = "\u{1}") -> String {
      while true {
        let text = String(
          (0..<Int.random(in: 0...longest, using: &random)).map { _ in
            Self.alphabet.randomElement(using: &random) ?? "a"
          })
        if !text.contains(separator) { return text }
      }
    }

    private mutating func isNull() -> Bool { Int.random(in: 0..<10, using: &random) == 0 }

    private mutating func integer() -> Int64 {
      let extremes: [Int64] = [.min, .max, 0, -1, 1]
      return Int.random(in: 0..<20, using: &random) == 0
        ? extremes.randomElement(using: &random) ?? 0
        : Int64.random(in: .min ... .max, using: &random)
          >> Int64.random(in: 0...63, using: &random)
    }

    private mutating func real() -> Double {
      let reals = [0.1, -0.0, 1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
      return Int.random(in: 0..<10, using: &random) == 0
        ? reals.randomElement(using: &random) ?? 0 : Double.random(in: -1e6...1e6, using: &random)
    }

    mutating func row(_ columns: [String]) -> [FieldValue] {
      columns.map { column in
        switch column {
        case "id", "tenant", "cents": return .integer(integer())
        case "customer":
          return isNull() ? .null : .text(emails.randomElement(using: &random) ?? "")
        case "code": return .text("\(integer())")
        case "placed":
          let range = TimeText.range
          return .timestamp(microseconds: Int64.random(in: range, using: &random))
        case "status":
          return isNull()
            ? .null : .text(["placed", "shipped", ""].randomElement(using: &random) ?? "")
        case "name": return isNull() ? .null : .text(text(6) + " " + text(6))
        case "street": return .text(text(6, without: ",") + "!")
        case "weight":
          let number = real()
          return .real(number == 0 ? 0 : number)
        case "note": return isNull() ? .null : .text(text(12))
        default: return .text(text(8))
        }
      }
    }
  }

  @Test func `100,000 random rows come back as they were`() throws {
    let translation = try #require(SampleMapping.check().translation)
    #expect(Set(translation.reverseColumns) == Set(translation.legacyColumns))
    // By their bytes: two of these are one to `String`.
    let emails = (0..<200).map { "user\($0)@example.org" } + ["é@a", "e\u{301}@a", ""]
    var lookups = LookupTables()
    for (number, email) in emails.enumerated() {
      lookups.add("customer_id", key: [.text(email)], taken: .integer(Int64(number)))
    }
    var rows = Rows(random: SeededRandom(seed: 7), emails: emails)
    let order = translation.reverseColumns.map { translation.legacyColumns.firstIndex(of: $0) ?? 0 }
    var differing = 0
    for _ in 0..<100_000 {
      let row = rows.row(translation.legacyColumns)
      let new = try translation.forward(row, lookups)
      let back = try translation.inverse(new, lookups)
      if back != order.map({ row[$0] }) { differing += 1 }
    }
    #expect(differing == 0)
  }

  /// NULL is no empty text, and an accent of its own is no letter with one.
  @Test func `what looks alike is told apart`() {
    #expect(FieldValue.text("") != .null)
    #expect(FieldValue.text("é") != .text("e\u{301}"))
    #expect(FieldValue.real(0) != .real(-0.0))
    #expect(FieldValue.decimal(ExactDecimal("1.50")!) == .decimal(ExactDecimal("1.5")!))
    #expect(FieldValue.integer(1) != .decimal(ExactDecimal(1)))
  }

  private func refusal(
    _ column: String, _ value: FieldValue, _ lookups: LookupTables = LookupTables()
  ) throws -> String? {
    let translation = try #require(SampleMapping.check().translation)
    var row = sound(translation.legacyColumns)
    row[try #require(translation.legacyColumns.firstIndex(of: column))] = value
    do {
      _ = try translation.forward(row, lookups)
      return nil
    } catch {
      return "\(error.column): \(error)"
    }
  }

  private func sound(_ columns: [String]) -> [FieldValue] {
    columns.map { column in
      switch column {
      case "id", "tenant", "cents": .integer(1)
      case "code": .text("7")
      case "placed": .timestamp(microseconds: 0)
      case "name": .text("x y")
      case "street": .text("Way")
      case "city": .text("Town")
      case "weight": .real(1)
      default: .null
      }
    }
  }

  @Test(
    arguments: [
      ("code", FieldValue.text("007"), "code: code = \"007\" would come back as another value"),
      (
        "code", .text("x"),
        "code: code = \"x\" is no whole number as a computer writes it, such as -42"
      ),
      ("code", .null, "code: code = NULL has nothing to become, and code may not be NULL"),
      ("status", .text("lost"), "state: status = \"lost\" is not in the value table"),
      ("name", .text("Plato"), "first: name = \"Plato\" has fewer than 2 parts at \" \""),
      ("street", .text("a, b"), "address: street = \"a, b\" holds the separator \", \""),
      ("street", .null, "address: street = NULL is NULL, and only texts can be joined"),
      ("customer", .text("x@y"), "customer_id: customer = \"x@y\" leads to no row of customers"),
      (
        "cents", .text("1"),
        "total: cents = \"1\" is a text, where the column is integer of 64 bits"
      ),
      ("weight", .real(.infinity), "kilograms: weight = inf is no decimal"),
      ("note", .text("a\0"), "memo: note = \"a\\0\" holds a NUL, which no text in PostgreSQL can"),
      (
        "note", .text(ExactText(bytes: [0xFF])),
        "memo: note = x'ff' is not UTF-8"
      ),
    ] as [(String, FieldValue, String)])
  func `a value without a counterpart is refused`(
    column: String, value: FieldValue, expected: String
  ) throws {
    #expect(try refusal(column, value) == expected)
  }

  /// What the new side may hold that legacy cannot.
  @Test(
    arguments: [
      (
        "total", FieldValue.decimal(ExactDecimal("0.005")!),
        "total = 0.005 has more than 2 digits behind the point"
      ),
      ("state", .integer(9), "state = 9 is not in the value table"),
      ("first", .text("a b"), "first = \"a b\" would come back from legacy as \"a\""),
      ("address", .text("nowhere"), "address = \"nowhere\" has fewer than 2 parts at \", \""),
      ("origin", .text("app"), "origin = \"app\" would come back from legacy as \"shop\""),
      ("customer_id", .integer(5), "customer_id = 5 leads to no row of the joined table"),
      ("code", .null, "code = NULL has nothing to become, and legacy's code may not be NULL"),
    ] as [(String, FieldValue, String)])
  func `a new value that legacy cannot hold is refused`(
    column: String, value: FieldValue, expected: String
  ) throws {
    let translation = try #require(SampleMapping.check().translation)
    var row = try translation.forward(sound(translation.legacyColumns))
    row[try #require(translation.newColumns.firstIndex(of: column))] = value
    let refusal = #expect(throws: RowRefusal.self) { try translation.inverse(row) }
    #expect(refusal?.description == expected)
  }

  /// SQLite has texts that hold a NUL.
  @Test(arguments: [StoreKind.sqlite, .postgreSQL])
  func `a text that PostgreSQL cannot hold is refused on the way back too`(
    legacy: StoreKind
  ) throws {
    let check = SampleMapping.check(
      legacy: StoreSchema(legacy, tables: [SampleMapping.legacyOrders, SampleMapping.customers]),
      new: StoreSchema(.sqlite, tables: [SampleMapping.newOrders])
    ) {
      $0.set("customer_id", .constant(nil))
      $0.left = ["customer"]
    }
    let translation = try #require(check.translation)
    var row = try translation.forward(sound(translation.legacyColumns))
    row[try #require(translation.newColumns.firstIndex(of: "memo"))] = .text("a\0b")
    guard legacy == .postgreSQL else {
      #expect(try translation.inverse(row).contains(.text("a\0b")))
      return
    }
    let refusal = #expect(throws: RowRefusal.self) { try translation.inverse(row) }
    #expect(refusal?.column == "memo")
    #expect(refusal?.reason.text == "holds a NUL, which no text in PostgreSQL can")
  }

  @Test func `a part and the separator that make a separator earlier are refused`() throws {
    let check = SampleMapping.check {
      $0.set("address", .concat(["street", "city"], separator: "::"))
    }
    let translation = try #require(check.translation)
    var row = sound(translation.legacyColumns)
    row[try #require(translation.legacyColumns.firstIndex(of: "street"))] = .text("a:")
    let refusal = #expect(throws: RowRefusal.self) { try translation.forward(row) }
    #expect(refusal?.reason.text == "cannot be told from the separator beside it")
  }
}
