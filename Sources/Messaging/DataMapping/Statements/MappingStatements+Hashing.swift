// SPDX-License-Identifier: Apache-2.0

/// Statements by which two servers of PostgreSQL hash their rows themselves: tables without a
/// difference are compared without a row that leaves its server.
///
/// A row's hash is a chain: the hash of each value as the new side has it is the seed of the next
/// one's. It begins with the key, so that the same change in two rows changes their hashes in
/// unlike ways and the exclusive or of all, which knows no order, does not cancel it. Equal hashes
/// mean equal rows but for a chance of about 2^-64. Unlike ones say only that rows have to be read:
/// versions of the server may hash differently.
extension MappingStatements {
  /// The first version that hashes rows, as `server_version_num` counts.
  package static let firstHashingVersion: Int64 = 140_000

  /// The server's version, and a 0 beside it.
  package static let version = "SELECT current_setting('server_version_num')::int8, 0::int8"

  /// Columns of `version` and of `hash`.
  package static let hashTypes = [ColumnType](repeating: .integer(bits: 64), count: 2)

  /// Most values of a row that is hashed: the chain of their hashes is nested as deeply.
  private static let longestChain = 300

  /// The number of rows of a side and the exclusive or of their hashes; nil where one of both sides
  /// is no PostgreSQL, or where the mapping does more than SQL says exactly alike.
  ///
  /// - Parameter owner: the side that takes the writes.
  package func hash(_ side: Doubt.Side, writtenOn owner: Doubt.Side = .legacy) -> String? {
    guard legacy.kind == .postgreSQL, new.kind == .postgreSQL, translation.conditions.isEmpty else {
      return nil
    }
    var (key, others): ([HashedValue], [HashedValue]) = ([], [])
    for column in translation.compared(writtenOn: owner) {
      guard let values = hashed(column) else { return nil }
      let own = side == .legacy ? values.legacy : values.new
      if check.newKey.contains(column.schema.name) { key += own } else { others += own }
    }
    let chain = key + others
    guard chain.count <= Self.longestChain, chain.allSatisfy({ !$0.type.isReal }) else {
      return nil
    }
    // Last comes a number for each row alike: the server does not mix a 0 or a NaN with its seed.
    let row = (chain + [HashedValue("0", .integer(bits: 32))])
      .reduce("0::int8") { $1.hash(after: $0) }
    return "SELECT count(*)::int8, coalesce(bit_xor(\(row)), 0)::int8\nFROM \(table(side))"
  }

  /// What is hashed of a column on each side.
  private func hashed(
    _ column: RowTranslation.Column
  ) -> (legacy: [HashedValue], new: [HashedValue])? {
    let schema = column.schema
    let name = "t.\(new.name(schema.name))"
    var value = HashedValue(name, schema.type, isNullable: schema.isNullable)
    switch column.rule {
    case .convert(let place, let conversion):
      let from = translation.legacy[place]
      var old = HashedValue(
        "t.\(legacy.name(from.name))", conversion.from, isNullable: from.isNullable)
      switch conversion.operation {
      case .same where conversion.from.family == schema.type.family:
        if old.type.isUnbounded || value.type.isUnbounded {
          (old.mayBeInfinite, value.mayBeInfinite) = (true, true)
        }
      case .integerToDecimal(let scale) where scale >= 0:
        // Each side pays for a part of it.
        old = HashedValue("\(old.sql)::numeric", schema.type, isNullable: from.isNullable)
        value.sql = "\(name) * \(ExactDecimal(1).shifted(by: scale))"
      default: return nil
      }
      return ([old], [value])
    case .values(let place, let pairs):
      return mapped(translation.legacy[place], pairs, schema.type).map {
        ($0, [value, HashedValue("1", .integer(bits: 32))])
      }
    case .constant, .concat, .split, .join: return nil
    }
  }

  /// What a value table makes of a value, and whether the value is in it.
  private func mapped(
    _ column: ColumnSchema, _ pairs: ValuePairs, _ type: ColumnType
  ) -> [HashedValue]? {
    guard pairs.otherwise == nil, !pairs.pairs.isEmpty,
      [.text, .integer, .boolean].contains(column.type.family)
    else { return nil }
    let name = "t.\(legacy.name(column.name))"
    let value = column.type.family == .text ? "\(name)::text COLLATE \"C\"" : name
    let cases = pairs.pairs.map {
      "WHEN \(legacy.literal($0.legacy, column.type)) THEN \(new.literal($0.new, type))"
    }
    let known = legacy.list(pairs.pairs.map(\.legacy), column.type)
    return [
      HashedValue("CASE \(value) \(cases.joined(separator: " ")) END", type, isNullable: true),
      HashedValue("(\(value) IS NULL OR \(value) IN (\(known)))::int4", .integer(bits: 32)),
    ]
  }
}

/// A value that is hashed by its server.
private struct HashedValue {
  var sql: String
  let type: ColumnType
  let isNullable: Bool
  /// Whether it may be one of the numbers that the server does not tell apart when it hashes them.
  var mayBeInfinite = false

  init(_ sql: String, _ type: ColumnType, isNullable: Bool = false) {
    (self.sql, self.type, self.isNullable) = (sql, type, isNullable)
  }

  /// Its hash, of 64 bits.
  ///
  /// - Parameter seed: the hash of what comes before it.
  func hash(after seed: String) -> String {
    let value = "(\(sql))"
    // NULL has no hash: some value stands for it, after a seed that no value has.
    var seed = isNullable ? "\(seed) # (\(value) IS NULL)::int4::int8" : seed
    func known(_ value: String, _ other: String) -> String {
      isNullable ? "coalesce(\(value), \(other))" : value
    }
    switch type.family {
    case .integer:
      // The server folds one half of 64 bits into the other.
      let whole = known("\(value)::int8", "0")
      return "hashint8extended(\(whole), (\(whole) >> 32) # (\(seed)))"
    case .decimal:
      if mayBeInfinite {
        let sign = "(\(value) = 'NaN')::int4 + (\(value) > 0)::int4 * 2"
        seed = "hashint4extended(\(known("(\(sign))", "4")), \(seed))"
      }
      return "hash_numeric_extended(\(known("\(value)::numeric", "1")), \(seed))"
    case .boolean:
      return "hashint4extended(\(known("\(value)::int4", "0")), \(seed))"
    case .bytes: return text("encode(\(value)::bytea, 'hex')", known, seed)
    case .timestamp:
      let isZoned = if case .timestamp(hasZone: true, _) = type { true } else { false }
      return text("(\(value)\(isZoned ? " AT TIME ZONE 'UTC'" : ""))::text", known, seed)
    case .text, .date, .uuid, .other, .real: return text("\(value)::text", known, seed)
    }
  }

  private func text(
    _ value: String, _ known: (String, String) -> String, _ seed: String
  ) -> String {
    "hashtextextended(\(known(value, "''")) COLLATE \"C\", \(seed))"
  }
}

extension ColumnType {
  /// A number in binary, of which -0 and 0 are one to the server.
  fileprivate var isReal: Bool { family == .real }

  /// Whether the server takes an infinity.
  fileprivate var isUnbounded: Bool {
    if case .decimal(precision: nil, _) = self { true } else { false }
  }
}
