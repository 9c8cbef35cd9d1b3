// SPDX-License-Identifier: Apache-2.0

public import GraphQLRequests
public import HTTPExchange
import ResiliencePolicies

/// All routes, compiled: immutable, shared by all event loops, swapped as a whole.
///
/// `decide` is the one place where a request meets the routes; explanations run the same code.
public final class RoutingTable: Sendable {
  /// The configuration it was compiled from, with the percentages in force.
  public let configuration: ProxyConfiguration
  /// The numbers by which decisions name routes and upstreams.
  public let numbers: RoutingNumbers
  let paths: PathTrie
  let conditions: RouteConditions
  let keySources: UserKeySources
  let splits: ContiguousArray<RouteSplit>
  /// Where upstreams that keep requests together find their key, by number; empty when none does.
  private let hashPlaces: [Range<Int>?]
  /// Names of protocols in lower case, by route.
  private let upgrades: [[[UInt8]]]

  /// Compiles a configuration; throws everything that is wrong with it.
  public convenience init(_ configuration: ProxyConfiguration) throws(InvalidConfiguration) {
    try self.init(configuration, numbers: RoutingNumbers(configuration))
  }

  /// Compiles a configuration that has been given numbers.
  package init(
    _ configuration: ProxyConfiguration, numbers: RoutingNumbers
  ) throws(InvalidConfiguration) {
    let errors = configuration.diagnostics().filter { $0.severity == .error }
    guard errors.isEmpty else { throw InvalidConfiguration(errors) }
    let matches = configuration.routes.map(\.match)
    paths = PathTrie(matches.map(\.path)) { left, right in
      (-matches[left].conditionCount, left) < (-matches[right].conditionCount, right)
    }
    conditions = RouteConditions(matches)
    var sources = UserKeySources()
    splits = ContiguousArray(
      configuration.routes.map { route in
        RouteSplit(route, numbers, keys: sources.add(route.sticky))
      })
    hashPlaces = Self.hashPlaces(configuration, numbers, &sources)
    keySources = sources
    upgrades = configuration.routes.map { $0.upgrades.map { Array($0.lowercased().utf8) } }
    self.configuration = configuration
    self.numbers = numbers
  }

  private init(_ table: RoutingTable, percentages: [Int: Percentage]) {
    var configuration = table.configuration
    var splits = table.splits
    for (route, percent) in percentages {
      configuration.routes[route].percent = percent
      splits[route].threshold = percent.hundredths
    }
    self.configuration = configuration
    self.numbers = table.numbers
    self.paths = table.paths
    self.conditions = table.conditions
    self.upgrades = table.upgrades
    self.keySources = table.keySources
    self.hashPlaces = table.hashPlaces
    self.splits = splits
  }

  /// Says which side answers a request; allocates nothing and keeps nothing.
  ///
  /// - Parameters:
  ///   - view: the request.
  ///   - operation: what the request has executed, where a route asks for that; nil when it cannot
  ///     be told.
  public func decide(
    _ view: RequestView, operation: GraphQLOperation? = nil
  ) -> RoutingDecision {
    var route = -1
    paths.visitCandidates(for: view[view.path]) { candidates in
      for position in candidates {
        let index = Int(paths.order[Int(position)])
        if conditions.hold(of: index, for: view, operation) {
          route = index
          return true
        }
      }
      return false
    }
    guard route >= 0 else { return .noRoute }
    let split = splits[route]
    let key = split.extracted < 0 ? nil : keySources.firstKey(in: split.keys, of: view)
    var decision = split.decide(key: key)
    decision.retriesWrites = split.retriesWrites
    if !hashPlaces.isEmpty { decision.hashKey = hashKey(for: decision, of: view) }
    return decision
  }

  private static func hashPlaces(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers,
    _ sources: inout UserKeySources
  ) -> [Range<Int>?] {
    var places = [Range<Int>?](repeating: nil, count: numbers.upstreams.count)
    var hashes = false
    for upstream in configuration.upstreams where upstream.policies.balance == .consistentHash {
      guard let number = numbers.upstream(named: upstream.name) else { continue }
      places[number] = sources.add(upstream.policies.hashBy)
      hashes = true
    }
    return hashes ? places : []
  }

  /// The same key has the same hash in every process and version.
  private func hashKey(for decision: RoutingDecision, of view: RequestView) -> UInt64 {
    var places = hashPlaces[decision.upstream]
    if places == nil, decision.fallbackUpstream >= 0 {
      places = hashPlaces[decision.fallbackUpstream]
    }
    guard let places, let found = keySources.firstKey(in: places, of: view) else { return 0 }
    return SipHash(key0: 0, key1: 0).hash(found.key)
  }

  /// Whether requests of a route may switch to a protocol, whose name is compared without case.
  public func permitsUpgrade(to name: UnsafeRawBufferPointer, route: Int) -> Bool {
    guard let index = routeIndex(numbered: route) else { return false }
    return upgrades[index].contains { $0.elementsEqual(name, by: { $0 == $1.asciiLowercased }) }
  }

  /// Some route asks for the operation of GraphQL requests.
  package var asksForOperations: Bool { conditions.askForOperations }

  /// Whether a route that the path fits does.
  package func asksForOperation(_ view: RequestView) -> Bool {
    var asks = false
    paths.visitCandidates(for: view[view.path]) { candidates in
      asks = candidates.contains { conditions.asksForOperation(Int(paths.order[Int($0)])) }
      return asks
    }
    return asks
  }

  /// The index of a route by its number.
  public func routeIndex(numbered number: Int) -> Int? {
    splits.firstIndex { $0.number == number }
  }

  /// The index of a route by its name.
  public func routeIndex(named name: String) -> Int? {
    configuration.routes.firstIndex { $0.name == name }
  }

  /// Indices of all routes, those that are tried first before the others: the first of them whose
  /// path and conditions fit takes a request.
  package var routesByPrecedence: [Int] { paths.precedence }

  /// The same table with another percentage for one route; nothing is compiled again.
  public func settingPercent(
    ofRoute name: String, to percent: Percentage
  ) throws(PercentChangeError) -> RoutingTable {
    try settingPercentages([name: percent])
  }

  /// The same table with other percentages for some routes, which all change or none.
  package func settingPercentages(
    _ percentages: [String: Percentage]
  ) throws(PercentChangeError) -> RoutingTable {
    var byIndex: [Int: Percentage] = [:]
    for (name, percent) in percentages {
      guard let index = routeIndex(named: name) else { throw .unknownRoute(name) }
      guard configuration.routes[index].extracted != nil else { throw .noExtractedUpstream(name) }
      byIndex[index] = percent
    }
    return RoutingTable(self, percentages: byIndex)
  }

  /// The same table with everybody on legacy.
  package func keepingAllWithLegacy() -> RoutingTable {
    let moved = configuration.routes.indices.filter { configuration.routes[$0].percent > .zero }
    return moved.isEmpty
      ? self
      : RoutingTable(
        self, percentages: Dictionary(moved.map { ($0, .zero) }, uniquingKeysWith: { $1 }))
  }

  /// The same table with the percentages that a change to it keeps.
  package func keepingPercentages(of change: ConfigurationChange) -> RoutingTable {
    change.keptPercentages.isEmpty ? self : RoutingTable(self, percentages: change.keptPercentages)
  }
}

/// Why a percentage was not changed.
public enum PercentChangeError: Error, Sendable, Equatable {
  /// There is no route of this name.
  case unknownRoute(String)
  /// Somebody changed something since; the version in force.
  case outdated(version: UInt64)
  /// The kill switch is on: everybody stays with legacy.
  case keptWithLegacy
  /// The route has no extracted upstream to send anybody to.
  case noExtractedUpstream(String)
}
