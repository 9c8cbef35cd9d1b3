// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// All uses of tables, each once where its statement stands, without names that only look like
/// tables.
struct TableUses {
  private let uses: [TableUse]
  private let inCalledFunctions: [TableUse]
  /// What bodies do, with the functions that they do it in.
  let found: [FoundTableUse]
  /// What a single text names in the way of SQL, and nothing else.
  let dropped: [TableUse]

  init(names: [TableUse], _ signals: [FileSignals]) {
    let found = signals.flatMap(\.tableUses)
    let known = Set(names.map(\.table)).union(
      found.filter { $0.use.access == .defines || !$0.isFromSQL }.map(\.use.table))
    var occurrences: [String: Int] = [:]
    for item in found { occurrences[item.use.table, default: 0] += 1 }
    // A name that one string mentions once may be prose or the alias of a subquery.
    func isTrusted(_ item: FoundTableUse) -> Bool {
      known.contains(item.use.table) || (occurrences[item.use.table] ?? 0) > 1
    }
    let trusted = found.filter(isTrusted)
    dropped = Self.sorted(found.filter { !isTrusted($0) }.map(\.use))
    let derived = TransactionPropagation(
      uses: trusted, calls: signals.flatMap(\.databaseCalls))
    self.found = trusted
    uses = names + trusted.map(\.use)
    inCalledFunctions = derived.derivedUses()
  }

  func sorted() -> [TableUse] { Self.sorted(uses) }

  /// What functions do that are called inside of transactions, at the places of the calls.
  func called() -> [TableUse] { Self.sorted(inCalledFunctions) }

  private static func sorted(_ uses: [TableUse]) -> [TableUse] {
    uses.sorted {
      if $0.position != $1.position { return $0.position < $1.position }
      if $0.table != $1.table { return $0.table < $1.table }
      if $0.type != $1.type { return $0.type < $1.type }
      return $0.access.rawValue < $1.access.rawValue
    }
  }
}
