// SPDX-License-Identifier: Apache-2.0

/// Finds types that are the monolith in themselves, before anything is divided: large, used by most
/// areas and using most of them, with no area that they belong to. As one piece such a type would
/// draw everything that it touches into one service.
struct GodTypeSearch {
  /// Part of the areas that such a type reaches.
  static let areaShare = 0.6
  /// Part of the areas that it uses, and as many that use it.
  static let eachWayShare = 0.3
  /// Most of its users that may stand in one area: more, and it belongs there.
  static let dominance = 0.5
  private static let kinds: Set<TypeDeclaration.Kind> = [.class, .actor, .struct, .enum]

  /// - Parameter division: a first division of the units; units that are not included do not count.
  static func find(
    _ model: CodeModel, _ facts: UnitFacts, _ division: Partition, isIncluded: (Int) -> Bool
  ) -> Set<TypeID> {
    var sizes = [Int](repeating: 0, count: division.count)
    for unit in facts.units.units.indices where isIncluded(unit) { sizes[division[unit]] += 1 }
    let isArea = sizes.map { $0 >= ServiceDivision.leastUnits }
    let areas = isArea.count(where: \.self)
    guard areas >= GodTypes.leastServices else { return [] }
    var uses: [Int: [Int: Int]] = [:]
    var users = uses
    for link in facts.references where isIncluded(link.from) && isIncluded(link.to) {
      let (from, to) = (division[link.from], division[link.to])
      if isArea[to] { uses[link.from, default: [:]][to, default: 0] += 1 }
      if isArea[from] { users[link.to, default: [:]][from, default: 0] += 1 }
    }
    func least(_ share: Double, _ floor: Int) -> Int {
      max(floor, Int((share * Double(areas)).rounded(.up)))
    }
    let owners = Set(model.members.map(\.owner))
    return owners.filter { type in
      let unit = facts.units[type]
      guard isIncluded(unit), kinds.contains(model.type(type).kind) else { return false }
      let (used, using) = (uses[unit] ?? [:], users[unit] ?? [:])
      let callers = using.values.reduce(0, +)
      return Set(used.keys).union(using.keys).count >= least(areaShare, GodTypes.leastServices)
        && min(used.count, using.count) >= least(eachWayShare, GodTypes.leastEachWay)
        && Double(using.values.max() ?? 0) <= dominance * Double(callers)
    }
  }
}
