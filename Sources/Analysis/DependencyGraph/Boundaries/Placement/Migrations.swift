// SPDX-License-Identifier: Apache-2.0

/// Migrations: what changes tables in each function that touches one, and is only started. What one
/// release changed together belongs together no more for that, so they are left out of the division
/// and go with the service that owns their tables.
struct Migrations {
  /// In order.
  let units: [Int]
  let isMigration: [Bool]
  private let tables: [Set<String>]

  /// - Parameter isInScope: units that can belong to a service.
  init(_ model: CodeModel, _ facts: UnitFacts, isInScope: [Bool]) {
    var defined = [Set<String>](repeating: [], count: facts.units.count)
    var defining: Set<String> = []
    for use in model.tableUses where use.access == .defines {
      defined[facts.units[use.type]].insert(use.table)
      if !use.function.isEmpty { defining.insert(use.function) }
    }
    var users = [Int](repeating: 0, count: defined.count)
    for link in facts.references where isInScope[link.from] { users[link.to] += 1 }
    // A schema of most areas is wiring.
    var isMigration = defined.indices.map { unit in
      isInScope[unit] && (1..<UnitRoles.leastAreas).contains(defined[unit].count)
        && users[unit] <= UnitRoles.rootUsers
    }
    for use in model.tableUses where !defining.contains(use.function) {
      isMigration[facts.units[use.type]] = false
    }
    for type in model.entryTypes + model.ownerOfPart.keys {
      isMigration[facts.units[type]] = false
    }
    self.isMigration = isMigration
    units = isMigration.indices.filter { isMigration[$0] }
    tables = defined
  }

  /// The owner of most of the tables that a migration changes; nil where nobody owns one.
  func home(of unit: Int, owners: [String: Int]) -> Int? {
    var counts: [Int: Int] = [:]
    for table in tables[unit] {
      if let owner = owners[table] { counts[owner, default: 0] += 1 }
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
