// SPDX-License-Identifier: Apache-2.0

extension Service {
  /// What stands in the way of taking the service out, whatever its cuts cost: each of these has to
  /// be solved first, or together with it.
  public struct Blockers: Sendable, Equatable {
    /// Services that it needs and that need it, by name.
    public var cycles: [String] = []
    /// Tables that it and other services write, by name.
    public var sharedWrites: [String] = []
    /// Functions that open a transaction across it and other services, by name.
    public var transactions: [String] = []

    /// All of them.
    public var count: Int { cycles.count + sharedWrites.count + transactions.count }
  }
}

/// A problem that ties services to each other until it is solved.
struct BlockingProblem: Sendable {
  enum Kind: Sendable { case cycle, sharedWrites, transaction }

  var kind: Kind
  /// Services that it ties, at least two.
  var services: Set<Int>
  /// The table, or the function that opens the transaction; empty for a cycle.
  var name = ""

  /// All of a division. A table that only another service than its owner writes is shared too.
  /// Cycles through god types are left out, as in their finding: those would tie everyone to
  /// everyone.
  static func all(_ context: PitfallContext) -> [BlockingProblem] {
    let cycles = ServiceCycles.pairs(context).map {
      BlockingProblem(kind: .cycle, services: [$0.first.service, $0.second.service])
    }
    let tables = SharedTables.writers(context).map { table, places in
      let owner = context.assignment.ownerOfTable[table]
      return BlockingProblem(
        kind: .sharedWrites, services: Set(places.keys).union([owner].compactMap { $0 }),
        name: table)
    }.filter { $0.services.count > 1 }
    let transactions = SpanningTransaction.all(context.model, context.assignment).map {
      BlockingProblem(
        kind: .transaction, services: $0.involved(context.assignment),
        name: $0.name(context.model))
    }
    return cycles + tables + transactions
  }
}

extension Service.Blockers {
  /// - Parameter problems: those of the whole division.
  init(of service: Int, _ problems: [BlockingProblem], names: [String]) {
    let own = problems.filter { $0.services.contains(service) }
    func found(_ kind: BlockingProblem.Kind) -> [BlockingProblem] { own.filter { $0.kind == kind } }
    cycles = found(.cycle).flatMap { $0.services.subtracting([service]).map { names[$0] } }.sorted()
    sharedWrites = found(.sharedWrites).map(\.name).sorted()
    transactions = found(.transaction).map(\.name).sorted()
  }

  /// Names listed of each kind.
  private static let named = 2

  /// `1 cycle (with orders), 2 tables written by others too (a, b)`.
  package var sentence: String {
    func part(_ count: Int, _ noun: String, _ words: String, _ names: [String]) -> String? {
      guard count > 0 else { return nil }
      let rest = names.count - Self.named
      let listed = names.prefix(Self.named).joined(separator: ", ")
      return "\(counted(count, noun))\(words) (\(listed)\(rest > 0 ? " and \(rest) more" : ""))"
    }
    let parts = [
      part(cycles.count, "cycle", "", cycles.map { "with " + $0 }),
      part(sharedWrites.count, "table", " written by others too", sharedWrites),
      part(transactions.count, "transaction", " across services", transactions),
    ].compactMap { $0 }
    return parts.isEmpty
      ? "no cycle, no table with several writers, no transaction across services"
      : parts.joined(separator: ", ")
  }
}
