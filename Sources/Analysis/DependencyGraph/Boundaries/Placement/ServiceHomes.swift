// SPDX-License-Identifier: Apache-2.0

/// Brings what only triggers, forwards or calls out home to the service whose data and behaviour it
/// uses, and the parts of a type that knew everybody to the service whose data they use. What
/// serves nothing is no service: it goes with the one service that it belongs to, or is a module.
///
/// A clustering sees such types through what everybody uses: a job that reaches its area through a
/// god type looks like a part of that type, and jobs look like each other. Here what most services
/// use tells nothing, and a type that is tied by nothing else goes with its folder.
struct ServiceHomes {
  /// Share of the services that must use a unit for it to tell nothing.
  static let glueShare = 0.6
  /// Services below which "most" means nothing.
  static let leastServices = 3
  /// How much stronger another service has to pull.
  static let margin = 1.5
  /// Part of the other units of a folder that must be in one service for the folder to tell.
  static let folderShare = 0.5
  /// Part of the ties to services that must lead to one for what serves nothing to belong there.
  static let hostShare = 0.6
  /// What a use of a table counts beside a reference of weight 1.
  private static let tableWeight = 3.0

  /// A division with everything at home.
  struct Settled {
    /// The service of each unit, nil for units that are set apart.
    var services: [Int?]
    /// Groups of units that serve nothing and belong to no single service.
    var modules: [[Int]]
  }

  private let model: CodeModel
  private let facts: UnitFacts
  private let isMember: [Bool]
  private let usesTables: [Bool]
  private let handlesRoutes: [Bool]
  private let runsJobs: [Bool]
  private let callsOut: [Bool]
  private let isPart: [Bool]
  /// Deepest folder that tells an area, with its units, by unit.
  private let neighbours: [[Int]]
  /// Links by the units on their ends.
  private let links: [[Int]]

  init(_ model: CodeModel, _ facts: UnitFacts, isMember: [Bool]) {
    self.model = model
    self.facts = facts
    self.isMember = isMember
    func marked(_ types: [TypeID]) -> [Bool] {
      var marks = [Bool](repeating: false, count: facts.units.count)
      for type in types { marks[facts.units[type]] = true }
      return marks
    }
    usesTables = marked(model.tableUses.filter { $0.access != .defines }.map(\.type))
    handlesRoutes = marked(model.routes.map(\.handler))
    runsJobs = marked(model.jobs.map(\.type))
    callsOut = marked(model.outboundCalls.map(\.type))
    isPart = facts.units.units.map { model.ownerOfPart[$0.types[0]] != nil }
    var neighbours = [[Int]](repeating: [], count: facts.units.count)
    var depths = [Int](repeating: 0, count: facts.units.count)
    for folder in facts.folders {
      for holder in folder.holders where folder.identity.utf8.count > depths[holder.unit] {
        depths[holder.unit] = folder.identity.utf8.count
        neighbours[holder.unit] = folder.holders.map(\.unit)
      }
    }
    self.neighbours = neighbours
    var links = [[Int]](repeating: [], count: facts.units.count)
    for (index, link) in facts.references.enumerated() {
      links[link.from].append(index)
      links[link.to].append(index)
    }
    self.links = links
  }

  /// - Parameter services: the service of each unit, nil for units that are set apart.
  func settled(_ services: [Int?]) -> Settled {
    var division = Division(services, facts.references)
    let count = division.count
    if count >= Self.leastServices { bringHome(&division) }
    var modules: [[Int]] = []
    for service in division.bySize where count > 1 && servesNothing(service, division) {
      let units = division.services.indices.filter { division.services[$0] == service }
      let host = host(of: units, service, division)
      for unit in units { division.services[unit] = host }
      if host == nil { modules.append(units) }
    }
    // What stood with others that serve nothing may have gone to another service with them.
    if count >= Self.leastServices, count > division.count { bringHome(&division) }
    return Settled(services: division.services, modules: modules)
  }

  private func bringHome(_ division: inout Division) {
    bringPartsHome(&division)
    for unit in division.services.indices where isMember[unit] && isCarrier(unit) {
      if let home = home(of: unit, division) { division.services[unit] = home }
    }
  }

  /// Each part goes where most of what it uses is, data counting most. They use each other, so what
  /// one has found helps the next.
  private func bringPartsHome(_ division: inout Division) {
    let owners = owners(division.services)
    var data: [Int: [Int: Double]] = [:]
    for use in model.tableUses + model.calledUses where isPart[facts.units[use.type]] {
      guard let owner = owners[use.table] else { continue }
      data[facts.units[use.type], default: [:]][owner, default: 0] +=
        Self.tableWeight * SignalWeights.weight(of: use.access)
    }
    for _ in 0..<2 {
      for unit in division.services.indices where isMember[unit] && isPart[unit] {
        guard let own = division.services[unit] else { continue }
        let pulls = self.pulls(on: [unit], division).merging(data[unit] ?? [:], uniquingKeysWith: +)
        if let best = Self.strongest(pulls), (pulls[best] ?? 0) > pulls[own] ?? 0 {
          division.services[unit] = best
        }
      }
    }
  }

  /// Triggers, forwards or calls out, and has no data of its own that would tell where it belongs.
  private func isCarrier(_ unit: Int) -> Bool {
    !usesTables[unit] && (runsJobs[unit] || callsOut[unit] || handlesRoutes[unit])
  }

  private func home(of unit: Int, _ division: Division) -> Int? {
    guard let own = division.services[unit] else { return nil }
    let pulls = self.pulls(on: [unit], division)
    guard let best = Self.strongest(pulls) else { return folderHome(of: unit, division) }
    return best != own && (pulls[best] ?? 0) > Self.margin * (pulls[own] ?? 0) ? best : nil
  }

  /// It answers no route, runs no job, and owns no table.
  private func servesNothing(_ service: Int, _ division: Division) -> Bool {
    let serves = division.services.indices.contains {
      division.services[$0] == service && (handlesRoutes[$0] || runsJobs[$0])
    }
    return !serves && !owners(division.services).values.contains(service)
  }

  /// The service that should own each table.
  func owners(_ services: [Int?]) -> [String: Int] {
    ServiceAssignment(
      model, serviceOfType: facts.units.unitOfType.map { services[$0] },
      serviceCount: (services.compactMap(\.self).max() ?? 0) + 1
    ).ownerOfTable
  }

  /// The service that units which serve nothing belong to: the only one that they are tied to, or
  /// one that most of their ties lead to. What needs a service can be no module, so it goes with
  /// the strongest. Nil for a module.
  private func host(of units: [Int], _ service: Int, _ division: Division) -> Int? {
    let own = Set(units)
    var pulls = self.pulls(on: own, division)
    pulls[service] = nil
    guard let best = Self.strongest(pulls) else {
      return units.lazy.compactMap { folderHome(of: $0, division) }.first { $0 != service }
    }
    let needsService = units.contains { unit in
      links[unit].contains { index in
        let link = facts.references[index]
        return link.from == unit && !own.contains(link.to) && division.services[link.to] != nil
      }
    }
    let isTold = (pulls[best] ?? 0) >= Self.hostShare * pulls.values.reduce(0, +)
    return needsService || isTold ? best : nil
  }

  /// What ties units to services, without what ties them to each other and what most services use.
  private func pulls(on units: Set<Int>, _ division: Division) -> [Int: Double] {
    var pulls: [Int: Double] = [:]
    for index in Set(units.flatMap { links[$0] }).sorted() {
      let link = facts.references[index]
      let other = units.contains(link.from) ? link.to : link.from
      guard !units.contains(other), !division.isGlue[other], let service = division.services[other]
      else { continue }
      pulls[service, default: 0] += link.weight
    }
    return pulls
  }

  /// Of equal ones that with the lowest number.
  private static func strongest(_ pulls: [Int: Double]) -> Int? {
    pulls.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// The service of most of the other units in its folder.
  private func folderHome(of unit: Int, _ division: Division) -> Int? {
    var counts: [Int: Double] = [:]
    var all = 0.0
    for other in neighbours[unit] where other != unit {
      guard let service = division.services[other] else { continue }
      counts[service, default: 0] += 1
      all += 1
    }
    guard let best = Self.strongest(counts), best != division.services[unit],
      (counts[best] ?? 0) > Self.folderShare * all
    else { return nil }
    return best
  }

  private struct Division {
    var services: [Int?]
    /// Units that most services use.
    let isGlue: [Bool]

    init(_ services: [Int?], _ links: [UnitFacts.Link]) {
      self.services = services
      var users = [Set<Int>](repeating: [], count: services.count)
      for link in links {
        if let service = services[link.from], services[link.to] != service {
          users[link.to].insert(service)
        }
      }
      let others = Double(Self.count(services) - 1)
      let needed = max(
        ServiceHomes.leastServices, Int((ServiceHomes.glueShare * others).rounded(.up)))
      isGlue = users.map { $0.count >= needed }
    }

    var count: Int { Self.count(services) }

    private static func count(_ services: [Int?]) -> Int { Set(services.compactMap(\.self)).count }

    /// Services, smallest first.
    var bySize: [Int] {
      var sizes: [Int: Int] = [:]
      for case let service? in services { sizes[service, default: 0] += 1 }
      return sizes.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }
  }
}
