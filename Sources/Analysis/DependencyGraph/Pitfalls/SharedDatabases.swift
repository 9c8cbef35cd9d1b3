// SPDX-License-Identifier: Apache-2.0

/// Many tables used by several services: the database is their interface, and no service can change
/// a column alone. A single table with two writers has a finding of its own.
enum SharedDatabases {
  private static let leastTables = 3
  private static let named = 5

  static func find(_ context: PitfallContext) -> [Finding] {
    var users: [String: Set<Int>] = [:]
    for use in context.model.tableUses where use.access != .defines {
      guard let service = context.assignment[use.type] else { continue }
      users[use.table, default: []].insert(service)
    }
    let shared = users.filter { $0.value.count > 1 }.sorted {
      ($1.value.count, $0.key) < ($0.value.count, $1.key)
    }
    guard shared.count >= leastTables else { return [] }
    let foreign = context.crossings.tableUses.map { context.model.tableUses[$0] }
      .filter { $0.access != .defines }
    let services = Set(foreign.compactMap { context.assignment[$0.type] })
    let names = shared.prefix(named).map { "\($0.key) by \($0.value.count)" }
      .joined(separator: ", ")
    return [
      Finding(
        id: "shared-database", severity: .warning,
        message: "\(shared.count) of \(counted(users.count, "table")) are used by several services "
          + "(\(names)\(shared.count > named ? " and others" : "")): "
          + "\(counted(services.count, "service")) use tables of others at "
          + "\(counted(foreign.count, "place")), so a change of a column is a change of all of "
          + "them.",
        locations: foreign.map(\.position),
        weight: Pitfalls.points(tables: shared.count))
    ]
  }
}
