// SPDX-License-Identifier: Apache-2.0

/// Types with many members that tie many services together in both directions.
enum GodTypes {
  /// Members from which a type is large.
  static let leastMembers = 15
  /// Other services that it must use, and be used by, together.
  static let leastServices = 3

  static func find(_ context: PitfallContext) -> [Finding] {
    let model = context.model
    var uses = [Set<Int>](repeating: [], count: model.types.count)
    var users = uses
    var callers = [Set<TypeID>](repeating: [], count: model.types.count)
    var callees = callers
    for reference in model.references where reference.from != reference.to {
      let (from, to) = (Int(reference.from.index), Int(reference.to.index))
      callers[to].insert(reference.from)
      callees[from].insert(reference.to)
      guard let source = context.assignment[reference.from],
        let target = context.assignment[reference.to]
      else { continue }
      if source != target || context.assignment[reference.to] == nil {
        uses[from].insert(target)
        users[to].insert(source)
      }
    }
    var tables = [Set<String>](repeating: [], count: model.types.count)
    for use in model.tableUses { tables[Int(use.type.index)].insert(use.table) }
    return model.types.indices.compactMap { index in
      let type = model.types[index]
      let reach = uses[index].union(users[index])
      guard type.memberCount >= leastMembers, reach.count >= leastServices, !uses[index].isEmpty,
        type.kind != .fileScope
      else { return nil }
      return Finding(
        id: "god-type", severity: .warning,
        message: "\(model.displayName(TypeID(index))) has \(type.memberCount) members, "
          + "uses \(counted(callees[index].count, "type")), is used by "
          + "\(counted(callers[index].count, "type")), touches "
          + "\(counted(tables[index].count, "table")), and ties "
          + "\(context.list(reach)) together: move its members to the services they serve.",
        locations: [type.position])
    }
  }
}
