// SPDX-License-Identifier: Apache-2.0

/// A transaction that writes tables of several services: once they are apart, no database commits
/// it.
struct SpanningTransaction: Sendable {
  let transaction: DatabaseTransaction
  /// Services that own the written tables, at least two.
  let owners: Set<Int>
  /// The written tables, by name.
  let tables: [String]
  /// Writes in order of place.
  let writes: [DatabaseTransaction.Step]
  /// Logs that it writes too, by name; they do not count.
  let logs: [String]

  /// Services that have to do something about it: the owners, and the one that opens it.
  func involved(_ assignment: ServiceAssignment) -> Set<Int> {
    owners.union([assignment[transaction.opener]].compactMap { $0 })
  }

  /// The function that opens it, or the type where it stands in no function.
  func name(_ model: CodeModel) -> String {
    transaction.function.isEmpty ? model.displayName(transaction.opener) : transaction.function
  }

  /// All of a division, in order of where they are opened. Whoever makes the writes, only types of
  /// services count: what fills an empty database does so before there is a service.
  static func all(_ model: CodeModel, _ assignment: ServiceAssignment) -> [SpanningTransaction] {
    guard !model.transactions.isEmpty else { return [] }
    let logs = LogTables.names(model, assignment)
    return model.transactions.compactMap { transaction in
      let all = transaction.steps.filter {
        $0.access == .writes && assignment[$0.type] != nil
          && assignment.ownerOfTable[$0.table] != nil
      }
      let writes = all.filter { !logs.contains($0.table) }
      let owners = Set(writes.compactMap { assignment.ownerOfTable[$0.table] })
      guard owners.count > 1 else { return nil }
      return SpanningTransaction(
        transaction: transaction, owners: owners, tables: Set(writes.map(\.table)).sorted(),
        writes: writes, logs: Set(all.map(\.table)).intersection(logs).sorted())
    }
  }
}
