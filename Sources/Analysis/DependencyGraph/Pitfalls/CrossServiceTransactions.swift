// SPDX-License-Identifier: Apache-2.0

/// Transactions that write tables of several services: over services they need a saga. They are
/// followed from where they are opened, so that one whose writes stand in a type of each area shows
/// too.
enum CrossServiceTransactions {
  static func find(_ context: PitfallContext) -> [Finding] {
    SpanningTransaction.all(context.model, context.assignment).map { found in
      let steps = counted(found.owners.count, "step")
      let logs =
        found.logs.isEmpty
        ? "" : " Each service keeps its own part of \(found.logs.joined(separator: ", "))."
      return Finding(
        id: "cross-service-transaction", severity: .warning,
        message: "Transaction across services: the one that \(found.name(context.model)) opens "
          + "writes \(counted(found.tables.count, "table")) "
          + "(\(found.tables.joined(separator: ", "))) of \(context.list(found.owners)). It needs "
          + "a saga of \(steps) with a compensation for each, "
          + "\(counted(Service.Effort.transactionPoints, "point")) of effort for every service in "
          + "it, or the tables stay together.\(logs)",
        locations: [found.transaction.position] + found.writes.map(\.position),
        weight: Pitfalls.points(transactions: found.owners.count))
    }
  }
}
