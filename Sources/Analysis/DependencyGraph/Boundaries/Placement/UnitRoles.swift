// SPDX-License-Identifier: Apache-2.0

/// What a unit is to the division.
enum UnitRole: Sendable, Equatable {
  /// Belongs to one service.
  case member
  /// Used by nearly everyone and using no area: a library that services share.
  case sharedKernel
  /// Wires the areas together and is used by hardly anyone: each service gets its own.
  case compositionRoot
  /// What is left of the monolith when the services have gone: the rest of a type that knew
  /// everybody, and logs that everybody writes.
  case remainder
  /// Serves nothing: code that programs are built from.
  case module
}

/// Finds the units that would glue or distort services, from a first division of everything.
struct UnitRoles {
  /// Share of the areas that must use a kernel type, or be wired by a composition root.
  static let areaShare = 0.6
  /// Areas below which "everyone" means nothing.
  static let leastAreas = 3
  /// Most users of a kernel type that may stand in one area; more, and it belongs there.
  static let dominance = 0.5
  /// Largest part of all units that one kernel type may draw along.
  static let closureShare = 0.1
  /// Closure that is accepted in small code bases.
  static let leastClosure = 4
  /// Users that a composition root may have.
  static let rootUsers = 2
  /// Areas whose tables a type must write to be taken for one that fills a database with data, as a
  /// least number and as a share of all areas. A business transaction seldom spans so many.
  static let seededAreas = (least: 4, share: 0.5)

  private let division: Partition
  private let sizes: [Int]
  private let users: [[Int]]
  private let uses: [[Int]]
  private let touchesData: [Bool]
  private let handlesRoutes: [Bool]
  /// What touches data in no other way than by answering a route.
  private let onlyAnswers: [Bool]
  private let definedTables: [Int]
  private let isSeeder: [Bool]
  private let areaCount: Int
  private let serves: Bool
  private let isInScope: [Bool]
  /// Those without migrations.
  private let isDividable: [Bool]
  /// Parts of types that are taken apart, and what is left of these.
  private let isPart: [Bool]
  private let isRest: [Bool]
  /// Answers only an operator: each service has its own.
  private let isOperational: [Bool]

  /// - Parameter division: a first division of what can belong to services.
  static func find(_ code: PreparedCode, _ division: Partition) -> [UnitRole] {
    let finder = Self(code, division)
    guard finder.areaCount >= leastAreas else { return finder.plainRoles }
    return finder.roles(
      RemainderSearch(code, users: finder.users) {
        finder.isSpread($0, share: RemainderSearch.areaShare)
      })
  }

  /// Members that most services of a finished division use and that use no data themselves: what
  /// the first, coarse areas did not show as such.
  ///
  /// - Parameter services: the service of each unit, nil for units that are set apart.
  static func lateKernel(_ code: PreparedCode, _ services: [Int?], _ roles: [UnitRole]) -> [Int] {
    let finder = Self(
      code, Partition(services.enumerated().map { Int32($1 ?? services.count + $0) }))
    guard finder.areaCount >= leastAreas else { return [] }
    var found = roles
    finder.addKernel(to: &found)
    var sizes = finder.sizes
    return found.indices.filter { unit in
      guard found[unit] == .sharedKernel, roles[unit] == .member else { return false }
      // No service ceases to be one.
      sizes[finder.division[unit]] -= 1
      return sizes[finder.division[unit]] >= ServiceDivision.leastUnits
    }
  }

  private init(_ code: PreparedCode, _ division: Partition) {
    let (model, facts) = (code.model, code.facts)
    let count = facts.units.count
    serves = code.isScoped
    isInScope = code.isInScope
    isDividable = code.isDividable
    let apart = model.takenApart
    isPart = facts.units.units.map { model.ownerOfPart[$0.types[0]] != nil }
    isRest = facts.units.units.map { apart.contains($0.types[0]) }
    let operational = OperationalRoutes(model, facts.units).units
    isOperational = (0..<count).map { code.isScoped && operational.contains($0) }
    self.division = division
    var sizes = [Int](repeating: 0, count: division.count)
    for unit in 0..<count where isDividable[unit] { sizes[division[unit]] += 1 }
    self.sizes = sizes
    var users = [[Int]](repeating: [], count: count)
    var uses = users
    for link in facts.references where isDividable[link.from] && isDividable[link.to] {
      users[link.to].append(link.from)
      uses[link.from].append(link.to)
    }
    self.users = users
    self.uses = uses
    var touchesData = [Bool](repeating: false, count: count)
    var defined = [Set<String>](repeating: [], count: count)
    for use in model.tableUses {
      if use.access == .defines {
        defined[facts.units[use.type]].insert(use.table)
      } else {
        touchesData[facts.units[use.type]] = true
      }
    }
    for job in model.jobs { touchesData[facts.units[job.type]] = true }
    for call in model.outboundCalls { touchesData[facts.units[call.type]] = true }
    definedTables = defined.map(\.count)
    let areaCount = sizes.count { $0 >= ServiceDivision.leastUnits }
    self.areaCount = areaCount
    let isSeeder = Self.seeders(model, facts, division, users: users, areaCount: areaCount)
    // Who opens a transaction decides what belongs together, even where others write; but for the
    // one that fills an empty database.
    for transaction in model.transactions {
      let decides = transaction.steps.contains {
        $0.access == .writes && !isSeeder[facts.units[$0.type]]
      }
      if decides { touchesData[facts.units[transaction.opener]] = true }
    }
    for unit in Self.fillers(model, facts, isSeeder) { touchesData[unit] = false }
    var handlesRoutes = [Bool](repeating: false, count: count)
    for route in model.routes { handlesRoutes[facts.units[route.handler]] = true }
    for unit in operational { handlesRoutes[unit] = false }
    onlyAnswers = zip(handlesRoutes, touchesData).map { $0 && !$1 }
    self.handlesRoutes = handlesRoutes
    self.touchesData = zip(handlesRoutes, touchesData).map { $0 || $1 }
    self.isSeeder = isSeeder
  }

  /// Units that write tables of most areas, answer no request, and are started by hardly anyone.
  private static func seeders(
    _ model: CodeModel, _ facts: UnitFacts, _ division: Partition, users: [[Int]], areaCount: Int
  ) -> [Bool] {
    let areas = facts.units.unitOfType.map { Optional(division[$0]) }
    let owners = ServiceAssignment(model, serviceOfType: areas, serviceCount: division.count)
      .ownerOfTable
    var written = [Set<Int>](repeating: [], count: facts.units.count)
    for use in model.tableUses where use.access == .writes {
      if let owner = owners[use.table] { written[facts.units[use.type]].insert(owner) }
    }
    for route in model.routes { written[facts.units[route.handler]] = [] }
    for job in model.jobs { written[facts.units[job.type]] = [] }
    let needed = max(seededAreas.least, Int((seededAreas.share * Double(areaCount)).rounded(.up)))
    return written.indices.map { written[$0].count >= needed && users[$0].count <= rootUsers }
  }

  /// Units that touch data only to have an empty database filled.
  private static func fillers(
    _ model: CodeModel, _ facts: UnitFacts, _ isSeeder: [Bool]
  ) -> Set<Int> {
    var fillers: Set<Int> = []
    var filled: Set<SourcePosition> = []
    for transaction in model.transactions {
      let writes = transaction.steps.filter { $0.access == .writes }
      guard !writes.isEmpty, writes.allSatisfy({ isSeeder[facts.units[$0.type]] }) else { continue }
      fillers.insert(facts.units[transaction.opener])
      filled.formUnion(transaction.steps.map(\.position))
    }
    for use in model.tableUses where use.access != .defines && !filled.contains(use.position) {
      fillers.remove(facts.units[use.type])
    }
    for type in model.entryTypes {
      fillers.remove(facts.units[type])
    }
    return fillers
  }

  /// What needs no areas to be told.
  private var plainRoles: [UnitRole] {
    users.indices.map { unit in
      guard isInScope[unit] else { return .module }
      return isOperational[unit] ? .compositionRoot : .member
    }
  }

  /// Most that one type may draw along.
  private var closureLimit: Int {
    max(Self.leastClosure, Int(Self.closureShare * Double(users.count)))
  }

  private func roles(_ search: RemainderSearch) -> [UnitRole] {
    var roles = plainRoles
    for unit in users.indices where roles[unit] == .member {
      if isRest[unit] {
        roles[unit] = .remainder
      } else if !isPart[unit], isCompositionRoot(unit) {
        roles[unit] = .compositionRoot
      }
    }
    for unit in search.logs(apartFrom: { roles[$0] != .member }) { roles[unit] = .remainder }
    let owned = users.indices.map { roles[$0] == .member && !isPart[$0] }
    for unit in users.indices where isPart[unit] && roles[unit] == .member {
      if isUsedEverywhere(unit) || isHeldForMany(unit, owned) { roles[unit] = .remainder }
    }
    // A library wires nothing.
    if serves { addWiring(around: &roles) }
    addKernel(to: &roles)
    return roles
  }

  private func addKernel(to roles: inout [UnitRole]) {
    for unit in users.indices where roles[unit] == .member && !isPart[unit] {
      guard isUsedEverywhere(unit), let closure = cleanClosure(of: unit) else { continue }
      for drawn in closure where roles[drawn] == .member { roles[drawn] = .sharedKernel }
    }
  }

  /// Who starts the wiring is wiring itself, and so is what only wiring uses, with all that only it
  /// uses, as long as that has no data: the application, its configuration, the main function, a
  /// middleware with the answer that it writes.
  private func addWiring(around roles: inout [UnitRole]) {
    var grows = roles.contains(.compositionRoot)
    while grows {
      grows = false
      for unit in users.indices where roles[unit] == .member && !touchesData[unit] && !isPart[unit]
      {
        let starts =
          users[unit].count <= Self.rootUsers
          && uses[unit].contains { roles[$0] == .compositionRoot && !isOperational[$0] }
        let drawn = starts ? [unit] : ownedByWiring(unit, roles)
        for unit in drawn { roles[unit] = .compositionRoot }
        if !drawn.isEmpty { grows = true }
      }
    }
  }

  /// A unit that only wiring uses, with what it needs; empty where somebody else uses any of it,
  /// or any has data.
  private func ownedByWiring(_ unit: Int, _ roles: [UnitRole]) -> [Int] {
    guard !users[unit].isEmpty, users[unit].allSatisfy({ roles[$0] == .compositionRoot }) else {
      return []
    }
    var owned = [unit]
    var seen: Set<Int> = [unit]
    var next = 0
    while next < owned.count {
      for used in uses[owned[next]]
      where roles[used] != .compositionRoot && !isUsedEverywhere(used) && seen.insert(used).inserted
      {
        guard roles[used] == .member, !touchesData[used], !isPart[used], owned.count < closureLimit
        else { return [] }
        owned.append(used)
      }
      next += 1
    }
    let isOwn = owned.allSatisfy { unit in
      users[unit].allSatisfy { seen.contains($0) || roles[$0] == .compositionRoot }
    }
    return isOwn ? owned : []
  }

  private func isUsedEverywhere(_ unit: Int) -> Bool {
    guard !touchesData[unit] else { return false }
    return isSpread(users[unit])
  }

  private func isCompositionRoot(_ unit: Int) -> Bool {
    if isSeeder[unit] { return true }
    guard users[unit].count <= Self.rootUsers else { return false }
    // Who mounts the handlers of most areas may answer a page of its own beside.
    if onlyAnswers[unit] { return mountsMost(unit) }
    guard !touchesData[unit] else { return false }
    if definedTables[unit] >= Self.leastAreas { return true }
    // What everybody uses tells nothing of the areas that a unit wires.
    return isSpread(uses[unit].filter { !isUsedEverywhere($0) })
  }

  /// Whether a unit uses what answers in most areas that answer anything.
  private func mountsMost(_ unit: Int) -> Bool {
    let answering = Set(
      handlesRoutes.indices.filter { handlesRoutes[$0] && $0 != unit }.map { division[$0] }
        .filter { sizes[$0] >= ServiceDivision.leastUnits })
    return isSpread(
      uses[unit].filter { handlesRoutes[$0] }, share: Self.areaShare, of: answering.count)
  }

  /// A part that uses nothing of any area, and that several areas use or none: what the type holds.
  private func isHeldForMany(_ unit: Int, _ owned: [Bool]) -> Bool {
    guard !touchesData[unit], !uses[unit].contains(where: { owned[$0] && !isUsedEverywhere($0) })
    else { return false }
    return Set(users[unit].map { division[$0] }).count != 1
  }

  /// True when the units stand in enough areas and no area has most of them.
  private func isSpread(_ units: [Int]) -> Bool { isSpread(units, share: Self.areaShare) }

  private func isSpread(_ units: [Int], share: Double, of areas: Int? = nil) -> Bool {
    var counts: [Int: Int] = [:]
    for unit in units where sizes[division[unit]] >= ServiceDivision.leastUnits {
      counts[division[unit], default: 0] += 1
    }
    let needed = max(Self.leastAreas, Int((share * Double(areas ?? areaCount)).rounded(.up)))
    guard counts.count >= needed, let most = counts.values.max() else { return false }
    return Double(most) <= Self.dominance * Double(units.count)
  }

  /// Everything the unit needs, itself included; nil when that touches data or is too much.
  private func cleanClosure(of unit: Int) -> [Int]? {
    let limit = closureLimit
    var closure = [unit]
    var seen: Set<Int> = [unit]
    var next = 0
    while next < closure.count {
      for used in uses[closure[next]] where seen.insert(used).inserted {
        guard !touchesData[used], closure.count < limit else { return nil }
        closure.append(used)
      }
      next += 1
    }
    return closure
  }
}
