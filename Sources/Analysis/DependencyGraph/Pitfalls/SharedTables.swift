// SPDX-License-Identifier: Apache-2.0

/// Tables that two services write, or one and what remains of the monolith: whoever owns them, the
/// other's writes bypass its rules.
enum SharedTables {
  /// Places of the writes by service, for each table that any service writes.
  static func writers(
    _ context: PitfallContext
  ) -> [(table: String, places: [Int: [SourcePosition]])] {
    var writers: [String: [Int: [SourcePosition]]] = [:]
    for use in context.model.tableUses where use.access == .writes {
      guard let service = context.assignment[use.type] else { continue }
      writers[use.table, default: [:]][service, default: []].append(use.position)
    }
    return writers.sorted { $0.key < $1.key }.map { (table: $0.key, places: $0.value) }
  }

  static func find(_ context: PitfallContext) -> [Finding] {
    writers(context).filter { $0.places.count > 1 }.map { table, places in
      let owner = context.assignment.ownerOfTable[table]
      let counts = places.sorted { $0.key < $1.key }
        .map { "\(context.names[$0.key]) in \(counted($0.value.count, "place"))" }.sorted()
      let foreign = places.filter { $0.key != owner }.sorted { $0.key < $1.key }
        .flatMap(\.value).sorted()
      let own = places.filter { $0.key == owner }.flatMap(\.value).sorted()
      let remains = context.assignment.remainder.map { places[$0] != nil } ?? false
      let who =
        remains
        ? counted(places.count - 1, "service") + " and what remains of the monolith"
        : counted(places.count, "service")
      return Finding(
        id: "shared-table", severity: .warning,
        message: "Table \(table) is written by \(who) ("
          + counts.joined(separator: ", ") + "): "
          + "let \(owner.map { context.names[$0] } ?? "one of them") own it, "
          + "and turn the other writes into calls or events.",
        locations: foreign + own,
        weight: Pitfalls.points(tables: places.count - 1) + Pitfalls.points(places: foreign.count))
    }
  }
}
