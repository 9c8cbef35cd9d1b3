// SPDX-License-Identifier: Apache-2.0

/// What a service asks its stores before it writes or reads a mapping's rows; it knows the mapping
/// by its name alone.
package struct RouterStatements: Sendable {
  package let mapping: String

  package init(_ mapping: String) { self.mapping = mapping }

  /// Whether a store has fences at all, as 1 or 0.
  package func hasFences(_ kind: StoreKind) -> String {
    SQLText(kind).isThere(FenceStatements.table).sql
  }

  package func hasMigrations(_ kind: StoreKind) -> String {
    SQLText(kind).isThere(MigrationTables.table).sql
  }

  /// Keeps a change of sides away until the transaction ends; nil where the store has one writer.
  package func lock(_ kind: StoreKind) -> String? {
    kind == .sqlite
      ? nil : "SELECT pg_advisory_xact_lock_shared(\(FenceStatements.lock(mapping)))"
  }

  /// The fence of a side, for `isAdmitted`.
  package func fence(_ side: Doubt.Side, _ kind: StoreKind) -> String {
    let name = SQLText(kind).quoted(mapping)
    let state =
      side == .legacy
      ? "''" : "(SELECT state FROM \(MigrationTables.table) WHERE mapping = \(name))"
    return "SELECT role, \(state) FROM \(FenceStatements.table)\n"
      + "WHERE mapping = \(name) AND side = '\(side.rawValue)'"
  }

  /// Whether this side takes writes, by what `fence` found; no rows where there are no fences.
  package static func isAdmitted(_ side: Doubt.Side, _ rows: [[String?]]) -> Bool {
    guard let row = rows.first, row.count == 2 else { return side == .legacy }
    switch row[0].flatMap(Fence.Role.init(rawValue:)) {
    case .primary: return true
    case .free: return side == .legacy || row[1] == MigrationState.retired.rawValue
    case .follower, .closed, nil: return false
    }
  }

  /// Whether a side notes changes, by what `fence` found.
  package static func isNoting(_ rows: [[String?]]) -> Bool {
    rows.first?.first == Fence.Role.primary.rawValue
  }

  private func changes(_ side: Doubt.Side, _ kind: StoreKind) -> String {
    SQLText(kind).name(FenceStatements.changes(side, mapping))
  }

  /// The largest number of a note that this transaction can see, its own among them.
  package func lastNote(_ side: Doubt.Side, _ kind: StoreKind) -> String {
    "SELECT COALESCE(max(sequence), 0) FROM \(changes(side, kind))"
  }

  /// How many notes up to a number wait to be carried over, one at most.
  package func waits(_ side: Doubt.Side, _ kind: StoreKind, upTo number: Int64) -> String {
    "SELECT count(*) FROM (SELECT 1 FROM \(changes(side, kind)) WHERE sequence <= \(number)\n"
      + "LIMIT 1) AS waiting"
  }

  package func migration(_ kind: StoreKind) -> String { MigrationTables(kind).find(mapping).sql }
}
