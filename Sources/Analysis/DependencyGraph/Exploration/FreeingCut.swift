// SPDX-License-Identifier: Apache-2.0

/// Finds the fewest edits that free a service: a minimum cut between what must stay in it and what
/// must stay outside, where moving a type costs one edit and each reference left across costs one.
/// Moves that free one service and make more cross elsewhere, or more tables be used by others than
/// their owners, are no advice: then all stay.
struct FreeingCut {
  private let model: CodeModel
  private let units: CodeUnits
  private let assignment: ServiceAssignment
  private let names: [String]
  private let serviceOfUnit: [Int?]
  /// Units that stay on their side.
  private let isAnchored: [Bool]
  /// References and their number between two units, one entry per pair and direction.
  private let links: [Link]
  /// Where each unit occurs, so that a service costs what touches it and not the whole code base.
  private let places: [Places]
  private let unitsOfService: [[Int]]
  /// Uses of the tables that each service owns, by types of any service.
  private let usesOfOwner: [[Int]]

  /// What a unit takes part in, as indices of the lists.
  private struct Places {
    var links: [Int] = []
    /// Between types of services.
    var references: [Int] = []
    var tableUses: [Int] = []
  }

  private struct Link {
    var from: Int
    var to: Int
    var count: Int
  }

  init(
    _ model: CodeModel, _ units: CodeUnits, _ assignment: ServiceAssignment, names: [String]
  ) {
    self.model = model
    self.units = units
    self.assignment = assignment
    self.names = names
    let serviceOfUnit = units.units.map { assignment[$0.types[0]] }
    self.serviceOfUnit = serviceOfUnit
    let links = Self.links(model, units, assignment)
    self.links = links
    var isAnchored = Self.anchors(model, units, serviceOfUnit, links)
    // Nothing comes back out of what remains.
    for (unit, service) in serviceOfUnit.enumerated() {
      if let service, service == assignment.remainder { isAnchored[unit] = true }
    }
    self.isAnchored = isAnchored
    places = Self.places(model, units, assignment, links)
    var unitsOfService = [[Int]](repeating: [], count: assignment.serviceCount)
    for (unit, service) in serviceOfUnit.enumerated() {
      if let service { unitsOfService[service].append(unit) }
    }
    self.unitsOfService = unitsOfService
    var usesOfOwner = [[Int]](repeating: [], count: assignment.serviceCount)
    for (index, use) in model.tableUses.enumerated() where assignment[use.type] != nil {
      if let owner = assignment.ownerOfTable[use.table] { usesOfOwner[owner].append(index) }
    }
    self.usesOfOwner = usesOfOwner
  }

  private static func places(
    _ model: CodeModel, _ units: CodeUnits, _ assignment: ServiceAssignment, _ links: [Link]
  ) -> [Places] {
    var places = [Places](repeating: Places(), count: units.count)
    for (index, link) in links.enumerated() {
      places[link.from].links.append(index)
      places[link.to].links.append(index)
    }
    for (index, reference) in model.references.enumerated()
    where assignment[reference.from] != nil && assignment[reference.to] != nil {
      let (from, to) = (units[reference.from], units[reference.to])
      places[from].references.append(index)
      if to != from { places[to].references.append(index) }
    }
    for (index, use) in model.tableUses.enumerated() {
      places[units[use.type]].tableUses.append(index)
    }
    return places
  }

  private func service(_ unit: Int) -> Int? { serviceOfUnit[unit] }

  private static func links(
    _ model: CodeModel, _ units: CodeUnits, _ assignment: ServiceAssignment
  ) -> [Link] {
    var keys: [Int64] = []
    keys.reserveCapacity(model.references.count)
    for reference in model.references {
      guard assignment[reference.from] != nil, assignment[reference.to] != nil else { continue }
      let (from, to) = (units[reference.from], units[reference.to])
      if from != to { keys.append(Int64(from) << 32 | Int64(to)) }
    }
    keys.sort()
    var links: [Link] = []
    for (index, key) in keys.enumerated() {
      if index > 0, keys[index - 1] == key {
        links[links.count - 1].count += 1
      } else {
        links.append(Link(from: Int(key >> 32), to: Int(key & 0xFFFF_FFFF), count: 1))
      }
    }
    return links
  }

  /// What handles routes, runs jobs or maps tables says what a service is. A service without any
  /// is held by the unit with most references inside it.
  private static func anchors(
    _ model: CodeModel, _ units: CodeUnits, _ service: [Int?], _ links: [Link]
  ) -> [Bool] {
    var isAnchored = [Bool](repeating: false, count: units.count)
    for route in model.routes { isAnchored[units[route.handler]] = true }
    for job in model.jobs { isAnchored[units[job.type]] = true }
    for use in model.tableUses where use.access == .maps { isAnchored[units[use.type]] = true }
    var inner = [Int](repeating: 0, count: units.count)
    for link in links where service[link.from] == service[link.to] {
      inner[link.from] += link.count
      inner[link.to] += link.count
    }
    var best: [Int: Int] = [:]
    for unit in 0..<units.count {
      guard let service = service[unit] else { continue }
      let isBetter = best[service].map { held in
        isAnchored[unit] != isAnchored[held] ? isAnchored[unit] : inner[unit] > inner[held]
      }
      if isBetter ?? true { best[service] = unit }
    }
    for unit in best.values { isAnchored[unit] = true }
    return isAnchored
  }

  /// Places that cross any border once some units have moved.
  private func crossings(moving targets: [Int: Int]) -> (places: Int, tableUses: Int) {
    func service(_ unit: Int) -> Int? { targets[unit] ?? serviceOfUnit[unit] }
    var references = 0
    for link in links where service(link.from) != service(link.to) { references += link.count }
    if model.tableUses.isEmpty { return (references, 0) }
    let moved = ServiceAssignment(
      model, serviceOfType: units.unitOfType.map { service($0) },
      serviceCount: assignment.serviceCount)
    let uses = model.tableUses.count { use in
      guard let own = moved[use.type], let owner = moved.ownerOfTable[use.table] else {
        return false
      }
      return own != owner
    }
    return (references + uses, uses)
  }

  /// Where units go that stand on the other side of the border than now.
  private func targets(_ freed: Int, _ movable: [Int], inside: Set<Int>) -> [Int: Int] {
    var targets: [Int: Int] = [:]
    var waiting = movable.filter { service($0) == freed && !inside.contains($0) }
    for unit in movable where service(unit) != freed && inside.contains(unit) {
      targets[unit] = freed
    }
    // What only others that move are tied to goes where they go.
    while !waiting.isEmpty {
      var found = waiting.compactMap { unit in
        closest(unit, not: freed, targets).map { (unit: unit, target: $0) }
      }
      if found.isEmpty, let other = (0..<assignment.serviceCount).first(where: { $0 != freed }) {
        found = waiting.map { ($0, other) }
      }
      for move in found { targets[move.unit] = move.target }
      let before = waiting.count
      waiting.removeAll { targets[$0] != nil }
      if waiting.count == before { break }
    }
    return targets
  }

  /// The fewest edits after which nothing crosses the border of `freed`. Only its own types and
  /// those that touch it may move: a type further away would bring new crossings along.
  func smallestEdit(freeing freed: Int) -> Service.SmallestEdit {
    let movable = self.movable(freed)
    // Nodes `0` and `1` are source and sink.
    let nodes = Dictionary(
      uniqueKeysWithValues: movable.enumerated().map { ($0.element, $0.offset + 2) })
    var network = MinimumCut(nodeCount: movable.count + 2)
    let all = links.count + model.references.count + model.tableUses.count + 1
    for (node, unit) in movable.enumerated() {
      let isInside = service(unit) == freed
      let price = isAnchored[unit] ? all : 1
      if isInside {
        network.holdAtSource(node + 2, price)
      } else {
        network.holdAtSink(node + 2, price)
      }
    }
    for index in distinct(movable.flatMap { places[$0].links }) {
      let link = links[index]
      switch (nodes[link.from], nodes[link.to]) {
      case (let from?, let to?): network.join(from, to, link.count)
      case (let node?, nil), (nil, let node?): network.holdAtSink(node, link.count)
      case (nil, nil): break
      }
    }
    for (node, unit) in movable.enumerated() {
      for index in places[unit].tableUses {
        guard let owner = assignment.ownerOfTable[model.tableUses[index].table] else { continue }
        if owner == freed {
          network.holdAtSource(node + 2, 1)
        } else {
          network.holdAtSink(node + 2, 1)
        }
      }
    }
    let (_, isInside) = network.solve()
    let inside = Set(movable.filter { isInside[nodes[$0] ?? 0] })
    let moves = targets(freed, movable, inside: inside)
    let (before, after) = (crossings(moving: [:]), crossings(moving: moves))
    if moves.isEmpty || (after.places < before.places && after.tableUses <= before.tableUses) {
      return edit(freed, moves, inside: inside)
    }
    return edit(freed, [:], inside: Set(unitsOfService[freed]))
  }

  private func distinct(_ numbers: [Int]) -> [Int] { Set(numbers).sorted() }

  /// Units that may move or that stay in the service, in order: what one search costs.
  func movable(_ freed: Int) -> [Int] {
    var touching = unitsOfService[freed]
    for unit in unitsOfService[freed] {
      for index in places[unit].links { touching += [links[index].from, links[index].to] }
    }
    for index in usesOfOwner[freed] { touching.append(units[model.tableUses[index].type]) }
    return distinct(touching)
  }

  private func edit(
    _ freed: Int, _ targets: [Int: Int], inside: Set<Int>
  ) -> Service.SmallestEdit {
    var edit = Service.SmallestEdit()
    for (unit, target) in targets.sorted(by: { $0.key < $1.key }) {
      guard let service = service(unit) else { continue }
      edit.moves.append(
        Service.SmallestEdit.Move(
          type: model.displayName(units.units[unit].types[0]), from: names[service],
          to: names[target]))
    }
    edit.moves.sort { ($0.type, $0.from) < ($1.type, $1.from) }
    func place(_ position: SourcePosition, _ symbol: String, _ kind: Cut.Kind) {
      edit.places.append(
        Service.SmallestEdit.Place(
          location: model.location(position), symbol: symbol, kind: kind))
    }
    for index in distinct(inside.flatMap { places[$0].references }) {
      let reference = model.references[index]
      guard inside.contains(units[reference.from]) != inside.contains(units[reference.to]) else {
        continue
      }
      place(reference.position, reference.symbol, .reference(reference.kind))
    }
    for index in distinct(usesOfOwner[freed] + inside.flatMap { places[$0].tableUses }) {
      let use = model.tableUses[index]
      guard assignment[use.type] != nil, let owner = assignment.ownerOfTable[use.table],
        (owner == freed) != inside.contains(units[use.type])
      else { continue }
      place(use.position, use.table, .table(use.access))
    }
    edit.places.sort {
      $0.location != $1.location
        ? $0.location < $1.location : ($0.kind.name, $0.symbol) < ($1.kind.name, $1.symbol)
    }
    return edit
  }

  /// The service other than `service` that a unit shares most with; nil where it shares nothing.
  ///
  /// - Parameter targets: where units go that have moved already.
  private func closest(_ unit: Int, not service: Int, _ targets: [Int: Int]) -> Int? {
    var counts: [Int: Int] = [:]
    func count(_ other: Int?, _ places: Int) {
      if let other, other != service { counts[other, default: 0] += places }
    }
    for index in places[unit].links {
      let link = links[index]
      let other = link.from == unit ? link.to : link.from
      count(targets[other] ?? self.service(other), link.count)
    }
    for index in places[unit].tableUses {
      count(assignment.ownerOfTable[model.tableUses[index].table], 1)
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
