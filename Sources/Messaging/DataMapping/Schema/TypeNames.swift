// SPDX-License-Identifier: Apache-2.0

/// What stores call their types.
extension ColumnType {
  /// The type of a column that was declared so in SQLite, by SQLite's own rules, with truth values
  /// and decimals told apart. Times and days are texts there.
  package init(sqlite declaration: String) {
    let name = declaration.uppercased()
    let has = { (part: String) in name.contains(part) }
    if has("INT") {
      self = .integer(bits: 64)
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
      // SQLite knows no limits.
      self = .text(limit: nil)
    } else if has("BLOB") {
      self = .bytes
    } else if has("REAL") || has("FLOA") || has("DOUB") {
      self = .real(bits: 64)
    } else if has("BOOL") {
      self = .boolean
    } else if has("DATE") || has("TIME") || has("UUID") {
      self = .text(limit: nil)
    } else if has("DEC") || has("NUM") {
      let numbers = Self.numbers(in: name)
      self = .decimal(precision: numbers.first, scale: numbers.dropFirst().first)
    } else {
      self = .other(name.isEmpty ? "a column without a type" : declaration)
    }
  }

  /// The type of a column that PostgreSQL's `format_type` writes so.
  package init(postgreSQL name: String) {
    let numbers = Self.numbers(in: name)
    let base = name.replacing(/\([^)]*\)/, with: "")
    switch base {
    case "smallint": self = .integer(bits: 16)
    case "integer": self = .integer(bits: 32)
    case "bigint": self = .integer(bits: 64)
    case "numeric": self = .decimal(precision: numbers.first, scale: numbers.dropFirst().first)
    case "real": self = .real(bits: 32)
    case "double precision": self = .real(bits: 64)
    case "text": self = .text(limit: nil)
    case "character varying": self = .text(limit: numbers.first)
    case "bytea": self = .bytes
    case "boolean": self = .boolean
    case "timestamp with time zone":
      self = .timestamp(hasZone: true, digits: numbers.first ?? 6)
    case "timestamp without time zone":
      self = .timestamp(hasZone: false, digits: numbers.first ?? 6)
    case "date": self = .date
    case "uuid": self = .uuid
    default: self = .other(name)
    }
  }

  private static func numbers(in name: String) -> [Int] {
    name.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
  }
}

extension FieldValue {
  /// A field as PostgreSQL writes it in ISO style and UTC. What is no value of its type here, such
  /// as infinity, stays the text that it is, which no conversion takes.
  package init(postgreSQL text: String?, _ type: ColumnType) {
    guard let text else {
      self = .null
      return
    }
    self = FieldValue.literal(text, type) ?? .text(text)
  }

  /// A text of a configuration or a server as a value of a type; nil when it is none.
  package static func literal(_ text: String, _ type: ColumnType) -> FieldValue? {
    switch type {
    case .integer: Int64(text).map { .integer($0) }
    case .decimal: ExactDecimal(text).map { .decimal($0) }
    case .real(32): Float(text).map { .real(Double($0)) }
    case .real: Double(text).map { .real($0) }
    case .text, .date, .uuid, .other: .text(text)
    case .boolean: ["t": true, "f": false, "true": true, "false": false][text].map { .boolean($0) }
    case .bytes: bytes(text)
    case .timestamp: time(text)
    }
  }

  /// `\x00ff`.
  private static func bytes(_ text: String) -> FieldValue? {
    let digits = Array(text.utf8.dropFirst(2))
    guard text.hasPrefix("\\x"), digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(byte)
    }
    return .bytes(bytes)
  }

  /// `2024-02-29 12:30:00.25+00`, where the zone is UTC or left out.
  private static func time(_ text: String) -> FieldValue? {
    var text = text[...]
    for zone in ["+00:00", "+00", "Z"] where text.hasSuffix(zone) {
      text = text.dropLast(zone.count)
      break
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.last?.count ?? 7 <= 6 || parts.count == 1 else { return nil }
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    let whole = parts[0].replacing("T", with: " ")
    let padded = whole + "." + fraction + String(repeating: "0", count: 6 - fraction.count)
    return TimeText(form: .sql, unit: .microseconds).microseconds(of: padded)
      .map { .timestamp(microseconds: $0) }
  }
}
