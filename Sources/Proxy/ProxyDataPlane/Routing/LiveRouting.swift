// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import HTTPExchange
public import RoutingDecisions
import Synchronization

/// The routing table in force, shared by all event loops and the admin API.
///
/// An event loop keeps a `CachedRouting` and compares one atomic number per request; only after a
/// change does it take the lock. A change is one swap: each request sees the old table or the new
/// one, never a mixture.
public final class LiveRouting: Sendable {
  /// Changes that are remembered per route; the oldest is dropped.
  public static let historyLimit = 100

  /// Who changed a percentage, when the file did.
  static let fileActor = "configuration file"

  fileprivate struct State {
    var table: RoutingTable
    /// As it was handed over, without the percentages that were set live.
    var loaded: ProxyConfiguration
    var history: [String: [PercentChange]] = [:]
    /// Everybody stays with legacy, whatever the file says.
    var isKilled = false
    /// No file that is read gives a route more users than it has.
    var isFrozen = false
  }

  private let state: Mutex<State>
  private let publishedVersion = Atomic<UInt64>(1)

  /// Puts a table in force.
  public init(_ table: RoutingTable) {
    state = Mutex(State(table: table, loaded: table.configuration))
  }

  /// Goes up by one with each change.
  public var version: UInt64 { publishedVersion.load(ordering: .acquiring) }

  /// The table in force.
  public var current: RoutingTable { state.withLock { $0.table } }

  /// The table in force and its version, from one moment.
  package func snapshot() -> (version: UInt64, table: RoutingTable) {
    state.withLock { (publishedVersion.load(ordering: .relaxed), $0.table) }
  }

  /// Changes the share of one route's users that the extracted side answers, from the next request
  /// on, and remembers who did it and why. Setting the share it has is recorded too.
  ///
  /// `expecting`: the version that the caller saw; any other one in force refuses the change.
  @discardableResult
  public func setPercent(
    route: String, to percent: Percentage, actor: String, reason: String,
    expecting version: UInt64? = nil, unixMilliseconds time: Int64
  ) throws(PercentChangeError) -> PercentChange {
    let changes = try setPercentages(
      [route: percent], actor: actor, reason: reason, expecting: version, unixMilliseconds: time)
    guard let change = changes[route] else { throw .unknownRoute(route) }
    return change
  }

  /// The same for several routes in one swap: no request sees some of them moved and others not.
  @discardableResult
  package func setPercentages(
    _ shares: [String: Percentage], actor: String, reason: String,
    expecting version: UInt64? = nil, unixMilliseconds time: Int64
  ) throws(PercentChangeError) -> [String: PercentChange] {
    try state.withLock { state throws(PercentChangeError) in
      let inForce = publishedVersion.load(ordering: .relaxed)
      if let version, version != inForce { throw .outdated(version: inForce) }
      let table = try state.table.settingPercentages(shares)
      if state.isKilled, shares.values.contains(where: { $0 > .zero }) { throw .keptWithLegacy }
      var changes: [String: PercentChange] = [:]
      for route in state.table.configuration.routes {
        guard let percent = shares[route.name] else { continue }
        let change = PercentChange(
          from: route.percent, to: percent, actor: actor, reason: reason, unixMilliseconds: time)
        state.remember(change, ofRoute: route.name)
        changes[route.name] = change
      }
      state.table = table
      publishedVersion.wrappingAdd(1, ordering: .releasing)
      return changes
    }
  }

  /// The kill switch is on.
  package var isKeptWithLegacy: Bool { state.withLock { $0.isKilled } }

  /// The kill switch. While it is on everybody stays with legacy, whatever a file says that is read
  /// meanwhile; off moves nobody.
  package func keepAllWithLegacy(
    _ isOn: Bool, actor: String, reason: String, unixMilliseconds time: Int64
  ) {
    state.withLock { state in
      state.isKilled = isOn
      guard isOn else { return }
      let table = state.table.keepingAllWithLegacy()
      state.take(table, actor: actor, reason: reason, at: time)
      publishedVersion.wrappingAdd(1, ordering: .releasing)
    }
  }

  /// While it is on no file that is read raises a share. Shares that are set are not its matter.
  package func holdFileRaises(_ isOn: Bool) { state.withLock { $0.isFrozen = isOn } }

  /// Percentages that are not what the file says, because they were set live.
  package var livePercentages: [(route: String, percent: Percentage, file: Percentage)] {
    let (table, loaded) = state.withLock { ($0.table, $0.loaded) }
    return zip(table.configuration.routes, loaded.routes).compactMap { route, file in
      route.percent == file.percent ? nil : (route.name, route.percent, file.percent)
    }
  }

  /// The share that the file gives to each split route.
  package var filePercentages: [String: Percentage] {
    Self.shares(state.withLock { $0.loaded })
  }

  /// The share in force of each split route.
  package var percentages: [String: Percentage] { Self.shares(current.configuration) }

  /// The configuration as it was handed over, without what was set live.
  package var loaded: ProxyConfiguration { state.withLock { $0.loaded } }

  private static func shares(_ configuration: ProxyConfiguration) -> [String: Percentage] {
    Dictionary(
      configuration.routes.filter { $0.extracted != nil }.map { ($0.name, $0.percent) },
      uniquingKeysWith: { first, _ in first })
  }

  /// What another configuration would change now.
  public func change(to next: ProxyConfiguration) -> ConfigurationChange {
    state.withLock { $0.change(to: next) }
  }

  /// Puts another table in force, from the next request on.
  ///
  /// - Returns: what changed, seen from the table that was in force at that moment.
  func replace(
    with table: RoutingTable, unixMilliseconds time: Int64
  ) -> ConfigurationChange {
    state.withLock { state in
      let change = state.change(to: table.configuration)
      state.loaded = table.configuration
      var next = table.keepingPercentages(of: change)
      if state.isKilled { next = next.keepingAllWithLegacy() }
      state.take(next, actor: Self.fileActor, reason: "configuration reloaded", at: time)
      publishedVersion.wrappingAdd(1, ordering: .releasing)
      return change
    }
  }

  /// The last changes of a route, oldest first.
  public func history(ofRoute route: String) -> [PercentChange] {
    state.withLock { $0.history[route] ?? [] }
  }
}

extension LiveRouting.State {
  fileprivate func change(to next: ProxyConfiguration) -> ConfigurationChange {
    ConfigurationChange(
      from: table.configuration, loaded: loaded, to: next,
      hold: isKilled ? .killSwitch : isFrozen ? .frozen : nil)
  }

  /// Puts a table in force and remembers whose percentage is another one by it.
  fileprivate mutating func take(
    _ next: RoutingTable, actor: String, reason: String, at time: Int64
  ) {
    let former = table
    table = next
    for route in next.configuration.routes {
      guard let index = former.routeIndex(named: route.name),
        case let percent = former.configuration.routes[index].percent, percent != route.percent
      else { continue }
      let change = PercentChange(
        from: percent, to: route.percent, actor: actor, reason: reason, unixMilliseconds: time)
      remember(change, ofRoute: route.name)
    }
  }

  fileprivate mutating func remember(_ change: PercentChange, ofRoute route: String) {
    var changes = history[route, default: []]
    if changes.count == LiveRouting.historyLimit { changes.removeFirst() }
    changes.append(change)
    history[route] = changes
  }
}

/// One change of a route's percentage.
public struct PercentChange: Sendable, Equatable {
  /// The percentage before.
  public let from: Percentage
  /// The percentage after.
  public let to: Percentage
  /// Who changed it.
  public let actor: String
  /// Why, in the words of who did.
  public let reason: String
  /// When: milliseconds since 1970-01-01T00:00:00Z.
  public let unixMilliseconds: Int64
}

/// One event loop's view of the routing in force; owned by that loop alone.
public struct CachedRouting {
  private let live: LiveRouting
  private var version: UInt64
  private var cached: RoutingTable
  /// The same one, for decisions: `cached` keeps it alive, and none replaces it while it decides.
  private var uncounted: Unmanaged<RoutingTable>
  private var asks: Bool

  /// Creates the view of one event loop.
  public init(_ live: LiveRouting) {
    self.live = live
    (version, cached) = live.snapshot()
    uncounted = .passUnretained(cached)
    asks = cached.asksForOperations
  }

  /// Some route of the table in force asks for the operation of GraphQL requests.
  var asksForOperations: Bool {
    @inline(__always) mutating get {
      if live.version != version { refresh() }
      return asks
    }
  }

  /// The table in force: one atomic load, and a lock only after a change.
  public var table: RoutingTable {
    mutating get {
      if live.version != version { refresh() }
      return cached
    }
  }

  /// What the table in force says about a request whose operation it asks for.
  mutating func decide(_ view: RequestView, operation: GraphQLOperation?) -> RoutingDecision {
    table.decide(view, operation: operation)
  }

  /// What the table in force says about a request.
  @inline(__always)
  mutating func decide(_ view: RequestView) -> RoutingDecision {
    if live.version != version { refresh() }
    return uncounted._withUnsafeGuaranteedRef { $0.decide(view) }
  }

  @inline(never)
  private mutating func refresh() {
    (version, cached) = live.snapshot()
    uncounted = .passUnretained(cached)
    asks = cached.asksForOperations
  }
}
