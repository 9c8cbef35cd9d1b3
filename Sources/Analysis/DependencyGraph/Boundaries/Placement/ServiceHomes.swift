// SPDX-License-Identifier: Apache-2.0

/// Brings what only triggers, forwards or calls out home to the service whose data and behaviour it
/// uses, and folds services that hold nothing to serve.
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
  /// Units up to which a service without routes, jobs and tables is folded.
  static let mostFolded = 5

  private let model: CodeModel
  private let facts: UnitFacts
  private let isMember: [Bool]
  private let usesTables: [Bool]
  private let handlesRoutes: [Bool]
  private let runsJobs: [Bool]
  private let callsOut: [Bool]
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

  /// The service of each unit, nil for units that are set apart.
  func settled(_ services: [Int?]) -> [Int?] {
    guard Set(services.compactMap { $0 }).count >= Self.leastServices, model.serves else {
      return services
    }
    var division = Division(services, facts.references)
    for unit in services.indices where isMember[unit] && isCarrier(unit) {
      if let home = home(of: unit, division) { division.services[unit] = home }
    }
    for service in division.bySize where holdsNothing(service, division) {
      guard let host = host(of: service, division) else { continue }
      for unit in division.services.indices where division.services[unit] == service {
        division.services[unit] = host
      }
    }
    return division.services
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

  private func holdsNothing(_ service: Int, _ division: Division) -> Bool {
    let units = division.services.indices.filter { division.services[$0] == service }
    return units.count <= Self.mostFolded
      && units.allSatisfy { !usesTables[$0] && !handlesRoutes[$0] && !runsJobs[$0] }
  }

  private func host(of service: Int, _ division: Division) -> Int? {
    let units = division.services.indices.filter { division.services[$0] == service }
    var pulls = self.pulls(on: Set(units), division)
    pulls[service] = nil
    return Self.strongest(pulls) ?? units.lazy.compactMap { folderHome(of: $0, division) }.first
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
      let count = Set(services.compactMap { $0 }).count
      let needed = max(
        ServiceHomes.leastServices, Int((ServiceHomes.glueShare * Double(count - 1)).rounded(.up)))
      isGlue = users.map { $0.count >= needed }
    }

    /// Services, smallest first.
    var bySize: [Int] {
      var sizes: [Int: Int] = [:]
      for case let service? in services { sizes[service, default: 0] += 1 }
      return sizes.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }
  }
}
