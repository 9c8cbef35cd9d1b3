// SPDX-License-Identifier: Apache-2.0

/// Transactions that write tables of several services: over services they need a saga.
enum CrossServiceTransactions {
  private struct Key: Hashable {
    var type: TypeID
    var function: String
  }

  static func find(_ context: PitfallContext) -> [Finding] {
    var transactions: [Key: [TableUse]] = [:]
    for use in context.model.tableUses where use.inTransaction && use.access == .writes {
      transactions[Key(type: use.type, function: use.function), default: []].append(use)
    }
    return transactions.compactMap { key, uses in
      let owners = Set(uses.compactMap { context.assignment.ownerOfTable[$0.table] })
      guard owners.count > 1 else { return nil }
      let tables = Set(uses.map(\.table)).sorted()
      let name = key.function.isEmpty ? context.model.displayName(key.type) : key.function
      return Finding(
        id: "cross-service-transaction", severity: .warning,
        message: "One transaction in \(name) writes \(counted(tables.count, "table")) "
          + "(\(tables.joined(separator: ", "))) of \(context.list(owners)): "
          + "it needs a saga with a compensation for each step, or the tables stay together.",
        locations: uses.map(\.position).sorted())
    }.sorted {
      ($0.locations.first?.file.index ?? 0, $0.locations.first?.line ?? 0, $0.message)
        < ($1.locations.first?.file.index ?? 0, $1.locations.first?.line ?? 0, $1.message)
    }
  }
}
