// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores

/// A step of one mapping or several, which is taken by all of them or by none.
extension Migrating {
  /// Carries an order out, or says why not: where the gates of one mapping refuse, none moves.
  ///
  /// Mappings that are farther on the way wait until the others have come as far.
  ///
  /// - Returns: what came of each, in the order of `all`.
  static func give(
    _ order: Migration.Order, to all: [Migrating], by author: MigrationRun.Author,
    _ limit: StatementLimit, acceptsNoReturn: Bool, _ line: ProgressLine
  ) async throws -> [MigrationAnswer] {
    var seen: [Migration] = []
    for migrating in all { seen.append(try await migrating.run.migration()) }
    let moving = Migration.behind(seen, order)
    var orders: [(place: Int, order: MigrationRun.Order)] = []
    var missing = [[String]](repeating: [], count: all.count)
    for place in moving {
      let (run, now) = (all[place].run, seen[place])
      let evidence = try await all[place].ask(
        order, now, limit, acceptsNoReturn: acceptsNoReturn, line)
      switch now.decide(order, evidence) {
      case .refuse(let objections): missing[place] = objections
      case .goOn(let decision): orders.append((place, .init(run: run, decision: decision)))
      case .begin(let decision):
        let action: MigrationEntry.Action = order == .advance ? .advance : .retreat
        orders.append(
          (
            place,
            .init(
              run: run, decision: decision, seen: now, action: action, evidence: evidence.summary)
          ))
      }
    }
    let refused = moving.filter { !missing[$0].isEmpty }.map { all[$0].name }
    if !refused.isEmpty {
      for place in moving where missing[place].isEmpty {
        missing[place] = [
          "\(refused.joined(separator: ", ")) cannot, and all of them move together or none does"
        ]
      }
      return all.indices.map { MigrationAnswer(order, seen[$0], nil, missing[$0]) }
    }
    line.update("\(moving.map { all[$0].name }.joined(separator: ", ")): bringing the stores there")
    let outcomes = try await MigrationRun.carryOut(orders.map(\.order), author)
    return all.indices.map { place in
      let outcome = orders.firstIndex { $0.place == place }.map { outcomes[$0] }
      return MigrationAnswer(order, seen[place], outcome, [])
    }
  }
}
