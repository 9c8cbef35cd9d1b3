// SPDX-License-Identifier: Apache-2.0

/// Types with many members that tie many services together in both directions.
enum GodTypes {
  /// Members from which a type is large.
  static let leastMembers = 20
  /// Other services that it must use or be used by.
  static let leastServices = 3
  /// Other services that it must use, and as many that must use it; a type that is only used is a
  /// hub, one that only uses is wiring.
  static let leastEachWay = 2

  static func find(_ context: PitfallContext) -> [Finding] { measured(context).map(\.finding) }

  /// The god types themselves.
  static func types(_ context: PitfallContext) -> Set<TypeID> { Set(measured(context).map(\.type)) }

  private static func measured(_ context: PitfallContext) -> [(type: TypeID, finding: Finding)] {
    let model = context.model
    let remainder = context.assignment.remainder
    let apart = model.takenApart
    // A type that is in parts is judged as the one that it is.
    func whole(_ type: TypeID) -> TypeID { model.ownerOfPart[type] ?? type }
    var uses = [Set<Int>](repeating: [], count: model.types.count)
    var users = uses
    var callers = [Set<TypeID>](repeating: [], count: model.types.count)
    var callees = callers
    for link in context.typeLinks {
      let (from, to) = (whole(link.from), whole(link.to))
      guard from != to else { continue }
      callers[Int(to.index)].insert(from)
      callees[Int(from.index)].insert(to)
      guard let source = context.assignment[link.from], let target = context.assignment[link.to]
      else { continue }
      if source != target || apart.contains(from), target != remainder {
        uses[Int(from.index)].insert(target)
      }
      if source != target || apart.contains(to), source != remainder {
        users[Int(to.index)].insert(source)
      }
    }
    var tables = [Set<String>](repeating: [], count: model.types.count)
    for use in model.tableUses { tables[Int(whole(use.type).index)].insert(use.table) }
    return model.types.indices.compactMap { index -> (type: TypeID, finding: Finding)? in
      let type = model.types[index]
      let reach = uses[index].union(users[index])
      guard type.memberCount >= leastMembers, reach.count >= leastServices,
        uses[index].count >= leastEachWay, users[index].count >= leastEachWay,
        type.kind != .fileScope
      else { return nil }
      let finding = Finding(
        id: "god-type", severity: .warning,
        message: "\(model.displayName(TypeID(index))) has \(type.memberCount) members, "
          + "uses \(counted(callees[index].count, "type")), is used by "
          + "\(counted(callers[index].count, "type")), touches "
          + "\(counted(tables[index].count, "table")), and ties "
          + "\(context.list(reach)) together: move its members to the services they serve.",
        locations: [type.position],
        // What goes through it has to be moved, member by member.
        weight: Double(type.memberCount)
          + Pitfalls.points(places: callers[index].count + callees[index].count))
      return (TypeID(index), finding)
    }
  }
}
