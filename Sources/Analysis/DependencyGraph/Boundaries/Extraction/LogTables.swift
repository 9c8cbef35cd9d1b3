// SPDX-License-Identifier: Apache-2.0

/// Tables that one type writes for nearly everybody and that nobody else touches: logs of what has
/// happened. Each service can keep its own part, so a transaction that also writes a line there
/// spans no further service.
enum LogTables {
  /// Share of the services that must use the type that writes.
  private static let serviceShare = 0.5
  private static let leastServices = 3

  static func names(_ model: CodeModel, _ assignment: ServiceAssignment) -> Set<String> {
    var serving: Set<Int> = []
    for type in model.entryTypes {
      if let service = assignment[type] { serving.insert(service) }
    }
    var services: [String: Set<Int>] = [:]
    var writers: [String: Set<TypeID>] = [:]
    for use in model.tableUses where use.access != .defines {
      guard let service = assignment[use.type] else { continue }
      services[use.table, default: []].insert(service)
      if use.access == .writes { writers[use.table, default: []].insert(use.type) }
    }
    let candidates = writers.filter { table, types in
      // What stays with the monolith to be held answers nobody, whatever else stays there.
      guard types.count == 1, let home = services[table], home.count == 1 else { return false }
      return types.allSatisfy(assignment.isHeld) || serving.isDisjoint(with: home)
    }
    guard !candidates.isEmpty else { return [] }
    var users: [TypeID: Set<Int>] = [:]
    let wanted = Set(candidates.values.joined())
    for reference in model.references where wanted.contains(reference.to) {
      if let service = assignment[reference.from] {
        users[reference.to, default: []].insert(service)
      }
    }
    let needed = max(
      leastServices, Int((serviceShare * Double(assignment.serviceCount)).rounded(.up)))
    return Set(
      candidates.filter { table, types in
        types.allSatisfy { users[$0, default: []].count >= needed }
      }.keys)
  }
}
