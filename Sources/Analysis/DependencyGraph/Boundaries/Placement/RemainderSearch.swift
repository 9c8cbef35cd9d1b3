// SPDX-License-Identifier: Apache-2.0

/// Finds logs: a type that nearly everybody uses, that answers nothing, and that alone touches its
/// tables. No area owns what has happened in all of them: it stays with the monolith, and each
/// service that leaves gets an instance of its own.
struct RemainderSearch {
  /// Part of the areas that must use a log: not all have something to tell.
  static let areaShare = 0.4

  private let code: PreparedCode
  private let users: [[Int]]
  private let isSpread: ([Int]) -> Bool

  init(_ code: PreparedCode, users: [[Int]], isSpread: @escaping ([Int]) -> Bool) {
    self.code = code
    self.users = users
    self.isSpread = isSpread
  }

  /// Units of logs, with the types that only they use, such as their records.
  func logs(apartFrom isApart: (Int) -> Bool) -> [Int] {
    let (model, facts) = (code.model, code.facts)
    var tables: [Int: Set<String>] = [:]
    var writes: Set<Int> = []
    var touching: [String: Set<Int>] = [:]
    for use in model.tableUses where use.access != .defines {
      let unit = facts.units[use.type]
      guard code.isInScope[unit], !isApart(unit) else { continue }
      tables[unit, default: []].insert(use.table)
      touching[use.table, default: []].insert(unit)
      if use.access == .writes { writes.insert(unit) }
    }
    let serving = Set(
      model.entryTypes.map { facts.units[$0] })
    var found: Set<Int> = []
    for unit in writes.sorted() where !serving.contains(unit) && isSpread(users[unit]) {
      let touched = tables[unit, default: []].reduce(into: Set<Int>()) {
        $0.formUnion(touching[$1] ?? [])
      }
      let companions = touched.subtracting([unit])
      let isAlone = companions.allSatisfy { other in
        !serving.contains(other)
          && users[other].allSatisfy { $0 == unit || companions.contains($0) || isApart($0) }
      }
      if isAlone { found.formUnion(touched) }
    }
    return found.sorted()
  }
}
