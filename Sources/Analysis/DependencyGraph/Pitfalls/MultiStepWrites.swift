// SPDX-License-Identifier: Apache-2.0

/// Functions that write tables of several services one after the other without a transaction: what
/// fails half-way stays half done, today already, and a network adds ways to fail.
enum MultiStepWrites {
  private struct Key: Hashable {
    var type: TypeID
    var function: String
  }

  /// Tables that each type writes in transactions, its own or its callers': what a function writes
  /// on behalf of one that opened a transaction is no step of its own.
  private static func tablesInTransactions(_ model: CodeModel) -> [TypeID: Set<String>] {
    var tables: [TypeID: Set<String>] = [:]
    for use in model.tableUses where use.inTransaction && use.access == .writes {
      tables[use.type, default: []].insert(use.table)
    }
    for step in model.transactions.flatMap(\.steps) where step.access == .writes {
      tables[step.type, default: []].insert(step.table)
    }
    return tables
  }

  static func find(_ context: PitfallContext) -> [Finding] {
    var steps: [Key: [TableUse]] = [:]
    for use in context.model.tableUses
    where !use.inTransaction && use.access == .writes && !use.function.isEmpty {
      steps[Key(type: use.type, function: use.function), default: []].append(use)
    }
    let inTransactions = tablesInTransactions(context.model)
    return steps.compactMap { key, uses in
      guard context.assignment[key.type] != nil,
        !Set(uses.map(\.table)).isSubset(of: inTransactions[key.type] ?? [])
      else { return nil }
      let owners = Set(uses.compactMap { context.assignment.ownerOfTable[$0.table] })
      guard owners.count > 1 else { return nil }
      let tables = Set(uses.map(\.table)).sorted()
      return Finding(
        id: "no-compensation", severity: .warning,
        message: "\(key.function) writes \(counted(tables.count, "table")) "
          + "(\(tables.joined(separator: ", "))) of \(context.list(owners)) and opens no "
          + "transaction: a failure between the writes leaves them half done, so each step needs "
          + "its compensation.",
        locations: uses.map(\.position).sorted(),
        weight: Pitfalls.points(transactions: owners.count))
    }.sorted {
      ($0.locations.first?.file.index ?? 0, $0.locations.first?.line ?? 0, $0.message)
        < ($1.locations.first?.file.index ?? 0, $1.locations.first?.line ?? 0, $1.message)
    }
  }
}
