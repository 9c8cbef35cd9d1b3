// SPDX-License-Identifier: Apache-2.0

/// Decides how many services there are. A division finds areas, as many as the code has of them; an
/// area is no service yet.
///
/// First, areas are one service that have more to do with each other than their sizes explain.
/// Then, areas whose borders do not hold, since more references cross them than stay inside, are
/// one piece where most of what crosses leads from one of them to another and the border around all
/// of them holds; the largest piece of all is what the monolith goes on to be. At last, what is too
/// small to be run by itself (see `NanoServices` too) joins what it is tied to most.
struct ServiceScale {
  /// Part of the separable types below which nothing is a service: nobody runs more than fifty of
  /// one program.
  static let leastShare = 0.02

  /// Numbers of services after they were joined.
  struct Result: Sendable {
    /// Service of each unit; nil for units that are set apart.
    var services: [Int?]
    /// Number of each service before by its number after.
    var number: [Int: Int]
    /// The piece that stays with the monolith; nil where nothing does.
    var core: Int?

    /// Nothing joined.
    init(asTheyAre services: [Int?]) {
      self.services = services
      number = [:]
      for case let service? in services { number[service] = service }
      core = nil
    }
  }

  private let model: CodeModel
  private let facts: UnitFacts
  private let isMember: [Bool]
  private let graph: WeightedGraph

  init(_ model: CodeModel, _ facts: UnitFacts, _ weights: SignalWeights, isMember: [Bool]) {
    self.model = model
    self.facts = facts
    self.isMember = isMember
    graph = facts.referenceGraph(weights) { isMember[$0] }
  }

  /// - Parameter services: the service of each unit, nil for units that are set apart.
  func joined(_ services: [Int?]) -> Result {
    var result = Result(asTheyAre: services)
    guard Set(services.compactMap(\.self)).count > 1 else { return result }
    joinKin(&result)
    joinUnready(&result)
    joinSmall(&result)
    return result
  }

  // MARK: Kin

  private func joinKin(_ result: inout Result) {
    let merged = FlowMerging(graph: graph, isWitness: result.services.map { $0 == nil })
      .merged(partition(of: result.services), into: 1, isGaining: true)
    var first: [Int: Int] = [:]
    var joined: [Int: Int] = [:]
    for (unit, service) in result.services.enumerated() {
      guard let service, joined[service] == nil else { continue }
      joined[service] = first[merged[unit], default: service]
      if first[merged[unit]] == nil { first[merged[unit]] = service }
    }
    result.renumber(joined)
  }

  /// Units that are set apart stand alone.
  private func partition(of services: [Int?]) -> Partition {
    let bound = (services.compactMap(\.self).max() ?? 0) + 1
    return Partition(services.enumerated().map { Int32($1 ?? bound + $0) })
  }

  // MARK: What does not hold

  private func joinUnready(_ result: inout Result) {
    let borders = ServiceBorders(model, facts, result.services)
    var unready = borders.unready
    while let stray = unready.sorted().first(where: { !borders.leans($0, on: unready) }) {
      unready.remove(stray)
    }
    guard unready.count > 1, unready.count < borders.inner.count, borders.holds(unready),
      let kept = unready.min()
    else { return }
    result.renumber(Dictionary(uniqueKeysWithValues: unready.map { ($0, kept) }))
    let sizes = sizes(result.services)
    let largest = sizes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    if largest == kept { result.core = kept }
  }

  private func sizes(_ services: [Int?]) -> [Int: Int] {
    var sizes: [Int: Int] = [:]
    for (unit, service) in services.enumerated() where isMember[unit] {
      if let service { sizes[service, default: 0] += 1 }
    }
    return sizes
  }

  // MARK: What is too small

  private func joinSmall(_ result: inout Result) {
    var sizes = sizes(result.services)
    let all = sizes.values.reduce(0, +)
    let least = Int((Self.leastShare * Double(all)).rounded(.up))
    var clusters = ClusterGraph(graph, partition(of: result.services))
    var service: [Int: Int] = [:]
    var cluster: [Int: Int] = [:]
    for (number, nodes) in clusters.members.enumerated() {
      guard let first = nodes.first, let found = result.services[first] else { continue }
      (service[number], cluster[found]) = (found, number)
    }
    var isAlone: Set<Int> = []
    func smallest() -> Int? {
      let nano = nanoServices(result.services)
      return sizes.filter { service, size in
        (size < least || nano.contains(service)) && service != result.core
          && !isAlone.contains(service)
      }.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }
    while sizes.count > 1, let small = smallest() {
      let host = cluster[small].flatMap { own in
        clusters.links[own].filter { service[$0.key] != nil }
          .max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      }
      guard let own = cluster[small], let host, let kept = service[host] else {
        isAlone.insert(small)
        continue
      }
      clusters.join(own, host, keeping: host)
      service[own] = nil
      let moved = sizes.removeValue(forKey: small) ?? 0
      sizes[kept, default: 0] += moved
      result.renumber([small: kept])
    }
    // Nothing leaves: then nothing remains either.
    if sizes.count == 1 { result.core = nil }
  }

  /// Services with so few types, routes and tables that they would be reported as too small.
  private func nanoServices(_ services: [Int?]) -> Set<Int> {
    var types: [Int: Int] = [:]
    for (unit, service) in services.enumerated() {
      if let service { types[service, default: 0] += facts.units.units[unit].types.count }
    }
    var routes: [Int: Set<Service.Route>] = [:]
    for route in model.routes {
      guard let service = services[facts.units[route.handler]] else { continue }
      routes[service, default: []].insert(Service.Route(method: route.method, path: route.path))
    }
    let owners = ServiceAssignment(
      model, serviceOfType: facts.units.unitOfType.map { services[$0] },
      serviceCount: (types.keys.max() ?? 0) + 1
    ).ownerOfTable.values
    return Set(
      types.keys.filter { service in
        types[service, default: 0] <= NanoServices.mostTypes
          && routes[service, default: []].count <= NanoServices.mostRoutes
          && owners.count { $0 == service } <= NanoServices.mostTables
      })
  }
}

extension ServiceScale.Result {
  /// - Parameter joined: what each number becomes; others stay.
  mutating func renumber(_ joined: [Int: Int]) {
    services = services.map { $0.map { joined[$0] ?? $0 } }
    number = number.mapValues { joined[$0] ?? $0 }
    core = core.map { joined[$0] ?? $0 }
  }

  /// Numbers of services before that became one with others.
  var joinedNumbers: Set<Int> {
    var counts: [Int: Int] = [:]
    for after in number.values { counts[after, default: 0] += 1 }
    return Set(number.filter { counts[$0.value, default: 0] > 1 }.keys)
  }
}

/// References inside of services and between them, counted as reports count them.
struct ServiceBorders {
  /// References inside of each service.
  private(set) var inner: [Int: Int] = [:]
  /// References between each service and each other one, in either direction.
  private(set) var between: [Int: [Int: Int]] = [:]

  /// - Parameter services: the service of each unit, nil for units that are set apart.
  init(_ model: CodeModel, _ facts: UnitFacts, _ services: [Int?]) {
    for case let service? in services { inner[service] = 0 }
    for reference in model.references where reference.from != reference.to {
      guard let from = services[facts.units[reference.from]],
        let to = services[facts.units[reference.to]]
      else { continue }
      if from == to {
        inner[from, default: 0] += 1
      } else {
        between[from, default: [:]][to, default: 0] += 1
        between[to, default: [:]][from, default: 0] += 1
      }
    }
  }

  /// References that cross the border of a service.
  private func outer(_ service: Int) -> Int { between[service, default: [:]].values.reduce(0, +) }

  private func ties(_ service: Int, to others: Set<Int>) -> Int {
    between[service, default: [:]].reduce(0) { $0 + (others.contains($1.key) ? $1.value : 0) }
  }

  /// Services of which more crosses the border than stays inside.
  var unready: Set<Int> { Set(inner.filter { outer($0.key) > $0.value }.keys) }

  /// Whether half of what crosses a service's border leads to some others.
  func leans(_ service: Int, on others: Set<Int>) -> Bool {
    2 * ties(service, to: others) >= outer(service)
  }

  /// Whether at least as much stays inside of the border around some services as crosses it.
  func holds(_ services: Set<Int>) -> Bool {
    let shared = services.reduce(0) { $0 + ties($1, to: services) }
    let crossing = services.reduce(0) { $0 + outer($1) } - shared
    return services.reduce(0) { $0 + inner[$1, default: 0] } + shared / 2 >= crossing
  }
}
