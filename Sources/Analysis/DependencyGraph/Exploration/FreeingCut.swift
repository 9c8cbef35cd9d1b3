// SPDX-License-Identifier: Apache-2.0

/// Finds the fewest edits that free a service: a minimum cut between what must stay in it and what
/// must stay outside, where moving a type costs one edit and each reference left across costs one.
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
    isAnchored = Self.anchors(model, units, serviceOfUnit, links)
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

  /// The fewest edits after which nothing crosses the border of `freed`. Only its own types and
  /// those that touch it may move: a type further away would bring new crossings along.
  func smallestEdit(freeing freed: Int) -> Service.SmallestEdit {
    let nodes = self.nodes(freed)
    var network = MinimumCut(nodeCount: nodes.count + 2)
    let all = links.count + model.references.count + model.tableUses.count + 1
    for (unit, node) in nodes {
      let isInside = service(unit) == freed
      let price = isAnchored[unit] ? all : 1
      if isInside { network.holdAtSource(node, price) } else { network.holdAtSink(node, price) }
    }
    for link in links {
      switch (nodes[link.from], nodes[link.to]) {
      case (let from?, let to?): network.join(from, to, link.count)
      case (let node?, nil), (nil, let node?): network.holdAtSink(node, link.count)
      case (nil, nil): break
      }
    }
    for use in model.tableUses {
      guard let node = nodes[units[use.type]], let owner = assignment.ownerOfTable[use.table] else {
        continue
      }
      if owner == freed { network.holdAtSource(node, 1) } else { network.holdAtSink(node, 1) }
    }
    let (_, isInside) = network.solve()
    var sides = [Bool](repeating: false, count: units.count)
    for (unit, node) in nodes { sides[unit] = isInside[node] }
    return edit(freed, sides)
  }

  /// Network nodes of the units that may move or that stay in the service, in order of unit.
  private func nodes(_ freed: Int) -> NodeNumbers {
    var touches = [Bool](repeating: false, count: units.count)
    for unit in 0..<units.count where service(unit) == freed { touches[unit] = true }
    for link in links {
      if service(link.from) == freed { touches[link.to] = true }
      if service(link.to) == freed { touches[link.from] = true }
    }
    for use in model.tableUses
    where assignment.ownerOfTable[use.table] == freed && assignment[use.type] != nil {
      touches[units[use.type]] = true
    }
    return NodeNumbers(touches)
  }

  /// Numbers the marked units from 2, after source and sink.
  private struct NodeNumbers: Sequence {
    private let node: [Int?]
    let count: Int

    init(_ isMarked: [Bool]) {
      var next = 2
      node = isMarked.map { marked in
        guard marked else { return nil }
        defer { next += 1 }
        return next
      }
      count = next - 2
    }

    subscript(unit: Int) -> Int? { node[unit] }

    func makeIterator() -> some IteratorProtocol<(Int, Int)> {
      node.enumerated().lazy.compactMap { unit, node in node.map { (unit, $0) } }.makeIterator()
    }
  }

  private func edit(_ freed: Int, _ isInside: [Bool]) -> Service.SmallestEdit {
    var edit = Service.SmallestEdit()
    for unit in 0..<units.count {
      guard let service = service(unit), (service == freed) != isInside[unit] else { continue }
      let target = service == freed ? closest(unit, not: freed) : freed
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
    for reference in model.references
    where assignment[reference.from] != nil && assignment[reference.to] != nil
      && isInside[units[reference.from]] != isInside[units[reference.to]]
    {
      place(reference.position, reference.symbol, .reference(reference.kind))
    }
    for use in model.tableUses {
      guard assignment[use.type] != nil, let owner = assignment.ownerOfTable[use.table],
        (owner == freed) != isInside[units[use.type]]
      else { continue }
      place(use.position, use.table, .table(use.access))
    }
    edit.places.sort {
      $0.location != $1.location
        ? $0.location < $1.location : ($0.kind.name, $0.symbol) < ($1.kind.name, $1.symbol)
    }
    return edit
  }

  /// The service other than `service` that a unit shares most references with.
  private func closest(_ unit: Int, not service: Int) -> Int {
    var counts = [Int](repeating: 0, count: assignment.serviceCount)
    for link in links where link.from == unit || link.to == unit {
      let other = link.from == unit ? link.to : link.from
      if let its = self.service(other) { counts[its] += link.count }
    }
    let others = counts.indices.filter { $0 != service }
    return others.max { (counts[$0], $1) < (counts[$1], $0) } ?? service
  }
}
