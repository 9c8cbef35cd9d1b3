// SPDX-License-Identifier: Apache-2.0

/// What compares both sides at one position of the stream of changes, while both are written.
///
/// A position is a cut through both stores: the fence of the side that follows is seen, then the
/// other side is read as of one moment together with its notes, then the side that follows as of
/// one moment. Where its fence has the same step in that moment, nothing was carried over since
/// before the first one. So **a row that no note names is the same on both sides**: a note lives
/// until the other side has committed the row as it was after the note, or later
/// (`CarryStatements`), and what was committed later came with another step. Rows that notes name
/// are on their way, and looked at again at a later position.
package struct CutStatements: Sendable {
  /// The side that takes the writes.
  package let from: Doubt.Side
  private let statements: MappingStatements
  private let source: FenceStatements
  private let target: FenceStatements
  private var check: MappingCheck { statements.check }

  package init(_ statements: MappingStatements, from side: Doubt.Side) {
    self.statements = statements
    from = side
    source = FenceStatements(statements, side)
    target = FenceStatements(statements, side.other)
  }

  package var mapping: String { check.mapping.name }

  // MARK: - Position

  /// The fence of a side, as `StoreSnapshot.fold` reads it.
  package func fence(_ side: Doubt.Side) -> String {
    (side == from ? source : target).find.sql
  }

  package static let fenceTypes: [ColumnType] = [
    .text(limit: nil), .integer(bits: 64), .integer(bits: 64),
  ]

  /// What `fence` read; nil for a row that cannot be read.
  package static func fence(_ row: RawRow) -> Fence? {
    let values = zip(row, fenceTypes).map { FieldValue($0, $1) }
    guard values.count == 3, case .text(let name) = values[0],
      let role = name.string.flatMap(Fence.Role.init(rawValue:)),
      case .integer(let epoch) = values[1], case .integer(let step) = values[2]
    else { return nil }
    return Fence(role, epoch: epoch, step: step)
  }

  /// All notes: the key, and 1 where something keeps it from being carried over.
  package var notes: String {
    let key = zip(source.noted, keyTypes(from)).map { source.sql.raw($0, of: "t", $1) }
    let isStuck = "CASE WHEN t.refusal IS NULL AND t.held = 0 THEN 0 ELSE 1 END"
    let stuck = source.sql.kind == .sqlite ? isStuck : "(\(isStuck))::int8"
    return "SELECT \((key + [stuck]).joined(separator: ", ")) FROM \(source.changes) AS t"
  }

  package var noteTypes: [ColumnType] { keyTypes(from) + [.integer(bits: 64)] }

  /// The digest of the row's key that a note names, and whether it is stuck.
  package func note(_ row: RawRow) -> (key: UInt64, isStuck: Bool) {
    let values = zip(row, noteTypes).map { FieldValue($0, $1) }
    return (digest(ofKey: Array(values.dropLast()), from), values.last == .integer(1))
  }

  /// The digest of a key of a side, as the digests of that side's rows have it.
  package func digest(ofKey key: [FieldValue], _ side: Doubt.Side) -> UInt64 {
    var digest = CanonicalDigest()
    if side == .new {
      for value in key { digest.take(value) }
      return digest.state
    }
    for cell in statements.keyCells(of: key) {
      if case .refused = cell { digest.begin(.refused) }
      digest.take(cell.value)
    }
    return digest.state
  }

  // MARK: - Rows

  /// A chunk of a side's rows behind a key, as `StoreSnapshot.fold` reads them, each with its key
  /// behind the columns that `RowDigests` takes.
  ///
  /// - Parameter last: a key; nil for the first chunk.
  package func chunk(_ side: Doubt.Side, behind last: [FieldValue]?, rows: Int) -> String {
    let (names, types) = (keyNames(side), keyTypes(side))
    let sql = statements.sql(side)
    let columns = names.map { "t.\(sql.name($0))" }
    let behind = last.map { last in
      let values = zip(last, types).map { sql.literal($0, $1) }
      return columns.count == 1
        ? "\(columns[0]) > \(values[0])"
        : "(\(columns.joined(separator: ", "))) > (\(values.joined(separator: ", ")))"
    }
    let key = zip(names, types).map { sql.raw($0, of: "t", $1) }
    return statements.stream(side, with: key, where: behind)
      + "\nORDER BY \(columns.joined(separator: ", "))\nLIMIT \(rows)"
  }

  package func chunkTypes(_ side: Doubt.Side) -> [ColumnType] {
    statements.streamTypes(side) + keyTypes(side)
  }

  /// The key of a row of a chunk.
  package func key(ofChunk row: RawRow, _ side: Doubt.Side) -> [FieldValue] {
    let types = keyTypes(side)
    return zip(row.suffix(types.count), types).map { FieldValue($0, $1) }
  }

  /// The rows with these keys.
  package func rows(_ side: Doubt.Side, _ keys: [[FieldValue]]) -> String {
    statements.stream(side, where: statements.matching(keys, side))
  }

  package func rowTypes(_ side: Doubt.Side) -> [ColumnType] { statements.streamTypes(side) }

  /// The key on the other side; nil where no row can have it.
  package func otherKey(of key: [FieldValue], _ side: Doubt.Side) -> [FieldValue]? {
    side == .legacy ? try? statements.newKey(of: key) : try? statements.legacyKey(of: key)
  }

  private func keyNames(_ side: Doubt.Side) -> [String] {
    side == .legacy ? check.legacyKey : check.newKey
  }

  private func keyTypes(_ side: Doubt.Side) -> [ColumnType] { statements.keyTypes(side) }
}
