// SPDX-License-Identifier: Apache-2.0

/// How far a backfill is: kept in the new store, in the transaction that adds a chunk's rows.
package struct BackfillPosition: Sendable, Hashable {
  /// The table that keeps it.
  package static let table = "strangler_backfill"

  /// What the mapping says, as a digest: a position of another mapping is none.
  package var fingerprint: String
  /// Grows with each chunk; who does not know the last one writes nothing.
  package var step: Int64 = 0
  /// The last legacy key that was copied; nil at the start.
  package var last: [FieldValue]?
  /// Legacy rows that were read.
  package var read: Int64 = 0
  /// Rows of the new side that were added.
  package var added: Int64 = 0
  /// Whether the end was reached.
  package var isFinished = false

  package init(fingerprint: String) { self.fingerprint = fingerprint }

  /// The last key for the table: canonical bytes in hexadecimal.
  package var encodedLast: String {
    guard let last else { return "" }
    var bytes = CanonicalBytes()
    for value in last { bytes.take(value) }
    return bytes.bytes.hexadecimal
  }

  /// Reads what `encodedLast` wrote; nil for anything else. An empty text is the start.
  package static func last(of text: String) -> [FieldValue]?? {
    if text.isEmpty { return .some(nil) }
    guard case .bytes(let bytes)? = FieldValue.literal("\\x" + text, .bytes) else { return nil }
    var reader = CanonicalReader(bytes)
    var values: [FieldValue] = []
    while !reader.isAtEnd {
      guard let value = reader.next() else { return nil }
      values.append(value)
    }
    return .some(values)
  }
}

extension BackfillPosition {
  /// Ends a statement that inserts a position, so that it takes the place of an older one alone.
  package static var replacesOlder: String {
    let columns = [
      "fingerprint", "step", "position", "last_key", "read_rows", "added_rows", "finished",
    ]
    return "ON CONFLICT (mapping) DO UPDATE SET "
      + columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      + "\nWHERE \(table).step < excluded.step"
  }

  /// Keeps whoever copies from the position that was known from writing any more: what it read may
  /// be older than what the new side is about to hold.
  package static func overtake(_ mapping: String, _ kind: StoreKind) -> StoreStatement {
    change("step = step + 1", mapping, kind)
  }

  /// The same, and what was copied counts for nothing: it was read before changes were noted.
  package static func restart(_ mapping: String, _ kind: StoreKind) -> StoreStatement {
    change(
      "step = step + 1, position = '', last_key = '', read_rows = 0, added_rows = 0, "
        + "finished = FALSE", mapping, kind)
  }

  private static func change(
    _ assignments: String, _ mapping: String, _ kind: StoreKind
  ) -> StoreStatement {
    StoreStatement(
      "UPDATE \(table) SET \(assignments) WHERE mapping = \(SQLText(kind).quoted(mapping))")
  }
}

extension MappingStatements {
  /// A digest of all that decides what a copied row holds.
  package var fingerprint: String {
    let rules = check.mapping.columns.map { column in
      let details = Mirror(reflecting: column.rule).children.map { String(reflecting: $0.value) }
      return "\(column.name): \(column.rule) \(details)"
    }
    let parts = [chunk(rows: 1), adds([]), "\(check.mapping.legacy)"] + rules
    var digest = CanonicalDigest()
    for part in parts { digest.take(whole: .text, Array(part.utf8)) }
    let text = String(digest.state, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}

/// The canonical form as bytes.
struct CanonicalBytes: CanonicalSink {
  private(set) var bytes: [UInt8] = []

  mutating func take(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}

/// Reads the canonical form back.
struct CanonicalReader {
  /// Digits behind the point that PostgreSQL's numbers stay below.
  private static let largestScale = 20_000

  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  /// Nil for what is no value.
  mutating func next() -> FieldValue? {
    guard let first = word(), let tag = CanonicalTag(rawValue: first & 0xFF) else { return nil }
    let detail = Int(first >> 8)
    switch tag {
    case .null: return .null
    case .integer: return word().map { .integer(Int64(bitPattern: $0)) }
    case .decimal:
      guard detail <= Self.largestScale else { return nil }
      return word().map {
        .decimal(ExactDecimal(Int64(bitPattern: $0)).shifted(by: -detail))
      }
    case .longDecimal:
      return bytes(detail).flatMap { ExactDecimal(String(decoding: $0, as: UTF8.self)) }
        .map { .decimal($0) }
    case .real: return word().map { .realBits($0) }
    case .text: return bytes(detail).map { .text(ExactText(bytes: $0)) }
    case .bytes: return bytes(detail).map { .bytes($0) }
    case .boolean: return .boolean(detail == 1)
    case .timestamp: return word().map { .timestamp(microseconds: Int64(bitPattern: $0)) }
    case .refused: return nil
    }
  }

  private mutating func word() -> UInt64? {
    guard let taken = bytes(8) else { return nil }
    return taken.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func bytes(_ count: Int) -> [UInt8]? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
