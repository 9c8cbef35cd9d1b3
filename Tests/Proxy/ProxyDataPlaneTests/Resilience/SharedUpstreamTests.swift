// SPDX-License-Identifier: Apache-2.0

import Logging
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@testable import ProxyDataPlane

/// What all workers share of an upstream: each change of state once, in order, and logged.
@Suite("Shared state of upstreams")
struct SharedUpstreamTests {
  private static let name = NetworkAddress(host: "orders.test", port: 80)

  /// Remembers what was logged.
  private final class Lines: Sendable {
    let texts = Mutex<[String]>([])

    var logger: Logger {
      Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
      let lines: Lines
      var metadata: Logger.Metadata = [:]
      var logLevel = Logger.Level.trace
      subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
      }

      func log(event: LogEvent) { lines.texts.withLock { $0.append("\(event.message)") } }
    }
  }

  private static func upstream(
    _ endpoints: [NetworkAddress], breaker: BreakerRules? = nil, _ lines: Lines = Lines()
  ) -> SharedUpstream {
    SharedUpstream(
      UpstreamConfiguration(name: "orders", target: .network(endpoints)), breaker: breaker,
      ejection: EjectionRules(), logger: lines.logger)
  }

  private static func address(_ last: Int) -> NetworkAddress {
    NetworkAddress(host: "10.0.0.\(last)", port: 80)
  }

  @Test("A name stands for what was found last, and an empty answer changes nothing")
  func resolution() {
    let lines = Lines()
    let upstream = Self.upstream([Self.name, Self.address(9)], lines)
    #expect(upstream.places.map(\.address) == [Self.address(9)])
    let before = upstream.version
    upstream.resolved(Self.name, to: ["10.0.0.1", "10.0.0.2"])
    #expect(
      Set(upstream.places.map(\.address)) == [Self.address(9), Self.address(1), Self.address(2)])
    #expect(upstream.version > before)
    let known = upstream.version
    upstream.resolved(Self.name, to: [])
    upstream.resolved(Self.name, to: ["10.0.0.2", "10.0.0.1"])
    #expect(upstream.version == known)
    upstream.resolved(Self.name, to: ["10.0.0.2", "10.0.0.3"])
    #expect(
      Set(upstream.places.map(\.address)) == [Self.address(9), Self.address(2), Self.address(3)])
    #expect(lines.texts.withLock(\.self) == ["endpoint resolved", "endpoint resolved"])
  }

  @Test("Instances that registered are its endpoints, and one that stays keeps what is known of it")
  func registration() {
    let lines = Lines()
    let upstream = SharedUpstream(
      UpstreamConfiguration(name: "orders", target: .registry("orders")), breaker: nil,
      ejection: EjectionRules(), registered: [Self.address(1)], logger: lines.logger)
    #expect(upstream.service == "orders" && upstream.places.map(\.address) == [Self.address(1)])
    let known = upstream.version
    upstream.registered([Self.address(1)])
    #expect(upstream.version == known)
    upstream.checked(Self.address(1), failure: nil, since: 0)
    upstream.registered([Self.address(2), Self.address(1)])
    #expect(upstream.version > known)
    upstream.registered([Self.address(1)])
    #expect(upstream.snapshot(at: 0).endpoints.map(\.checksPassed) == [1])
    upstream.registered([])
    #expect(upstream.places == [])
    #expect(
      lines.texts.withLock(\.self)
        == ["endpoint registered", "endpoint deregistered", "endpoint deregistered"])
  }

  @Test("What is known of an address outlives a look-up that finds it again")
  func knowledge() {
    let upstream = Self.upstream([Self.name])
    upstream.resolved(Self.name, to: ["10.0.0.1", "10.0.0.2"])
    for _ in 0..<5 { upstream.failed(nil, at: Self.address(1), at: 0) }
    upstream.resolved(Self.name, to: ["10.0.0.1", "10.0.0.3"])
    let endpoints = upstream.snapshot(at: 1).endpoints
    #expect(endpoints.first { $0.address == Self.address(1) }?.ejectedForMilliseconds == 29_999)
    #expect(endpoints.first { $0.address == Self.address(3) }?.ejectedForMilliseconds == nil)
  }

  @Test("An endpoint is ejected, logged, counted, and readmitted by time; the last one stays")
  func ejection() {
    let lines = Lines()
    let upstream = Self.upstream([Self.address(1), Self.address(2)], lines)
    for _ in 0..<10 { upstream.failed(nil, at: Self.address(1), at: 0) }
    for _ in 0..<10 { upstream.failed(nil, at: Self.address(2), at: 0) }
    #expect(upstream.view().endpoints.map(\.isUsable) == [false, true])
    #expect(upstream.hasClockwork)
    #expect(upstream.snapshot(at: 0).totals.ejections == 1)
    upstream.advance(to: 30_000)
    #expect(upstream.view().endpoints.map(\.isUsable) == [true, true])
    #expect(!upstream.hasClockwork)
    #expect(lines.texts.withLock(\.self) == ["endpoint ejected", "endpoint readmitted"])
  }

  @Test("Trouble that the other side has as well ejects nobody")
  func otherSide() {
    let legacy = Self.upstream([Self.address(8)])
    for _ in 0..<20 { legacy.failed(nil, at: Self.address(8), at: 0) }
    let upstream = Self.upstream([Self.address(1), Self.address(2)])
    upstream.setOthers([legacy])
    for _ in 0..<10 { upstream.failed(nil, at: Self.address(1), at: 0) }
    #expect(upstream.view().endpoints.map(\.isUsable) == [true, true])
    // Ten seconds later the other side's trouble is forgotten.
    legacy.take(UpstreamBatch(), at: 20_000)
    upstream.failed(nil, at: Self.address(1), at: 20_000)
    #expect(upstream.view().endpoints.map(\.isUsable) == [false, true])
  }

  @Test("Trouble that the other side has as well opens no breaker")
  func breakerAndOtherSide() {
    let legacy = Self.upstream([Self.address(8)])
    let upstream = Self.upstream([Self.address(1)], breaker: BreakerRules())
    upstream.setOthers([legacy])
    legacy.setOthers([upstream])
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<30 {
      for _ in 0..<2 { legacy.succeeded(pass, at: Self.address(8), at: 0) }
      legacy.failed(nil, at: Self.address(8), at: 0)
    }
    for _ in 0..<20 { upstream.failed(pass, at: Self.address(1), at: 0) }
    #expect(upstream.snapshot(at: 0).breaker == "closed")
    // The longest run that a third of failures brings about by chance is shorter.
    for _ in 0..<10 { upstream.failed(pass, at: Self.address(1), at: 0) }
    #expect(upstream.snapshot(at: 0).breaker == "open")
  }

  @Test("Of what the other side did long ago nothing counts, though nobody asked it since")
  func silentOtherSide() {
    let legacy = Self.upstream([Self.address(8)])
    let upstream = Self.upstream([Self.address(1)], breaker: BreakerRules())
    upstream.setOthers([legacy])
    for _ in 0..<100 { legacy.failed(nil, at: Self.address(8), at: 0) }
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<5 { upstream.failed(pass, at: Self.address(1), at: 20_000) }
    #expect(upstream.snapshot(at: 20_000).breaker == "open")
  }

  /// `orders` and `reports` of one legacy, routes 0 and 1, each with a side of its own.
  private static func sides() -> (
    legacy: SharedUpstream, orders: SharedUpstream, reports: SharedUpstream
  ) {
    let legacy = upstream([address(8)])
    let orders = upstream([address(1)], breaker: BreakerRules())
    let reports = upstream([address(2)], breaker: BreakerRules())
    orders.setOthers([legacy], byRoute: [0: legacy])
    reports.setOthers([legacy], byRoute: [1: legacy])
    legacy.setOthers([orders, reports], byRoute: [0: orders, 1: reports])
    return (legacy, orders, reports)
  }

  /// A worker tells of successes on a route.
  private static func batch(_ count: UInt32, route: Int) -> UpstreamBatch {
    var batch = UpstreamBatch()
    batch.successes = [(address(8), count)]
    batch.routes = [(route, count)]
    return batch
  }

  @Test("Another route on which legacy fails as a whole keeps no breaker closed")
  func breakerAndOtherRoute() {
    let (legacy, orders, reports) = Self.sides()
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    legacy.take(Self.batch(60, route: 0), at: 1_000)
    for _ in 0..<60 { legacy.failed(nil, at: Self.address(8), at: 1_000, route: 1) }
    for _ in 0..<5 { orders.failed(pass, at: Self.address(1), at: 2_000, route: 0) }
    #expect(orders.snapshot(at: 2_000).breaker == "open")
    // On that other route both sides fail.
    for _ in 0..<100 { reports.failed(pass, at: Self.address(2), at: 2_000, route: 1) }
    #expect(reports.snapshot(at: 2_000).breaker == "closed")
  }

  @Test("A route that legacy hardly answers is measured by all of legacy's requests")
  func breakerAndRouteWithoutLegacy() {
    let (legacy, orders, _) = Self.sides()
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<60 { legacy.failed(nil, at: Self.address(8), at: 1_000, route: 1) }
    for _ in 0..<100 { orders.failed(pass, at: Self.address(1), at: 2_000, route: 0) }
    #expect(orders.snapshot(at: 2_000).breaker == "closed")
  }

  @Test("What legacy's route did longer ago than recently counts for nothing")
  func breakerAndFormerTrouble() {
    let (legacy, orders, _) = Self.sides()
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<100 { legacy.failed(nil, at: Self.address(8), at: 0, route: 0) }
    legacy.take(Self.batch(100, route: 0), at: 12_000)
    for _ in 0..<5 { orders.failed(pass, at: Self.address(1), at: 13_000, route: 0) }
    #expect(orders.snapshot(at: 13_000).breaker == "open")
  }

  @Test("A worker hands successes over by route, once, and those of no route not at all")
  func successesByRoute() {
    var successes = RouteSuccesses()
    for route in [3, 0, 3, -1, 3] { successes.add(route) }
    let taken = successes.take()
    #expect(taken.map(\.route) == [3, 0] && taken.map(\.count) == [3, 1])
    #expect(successes.take().isEmpty)
    successes.add(0)
    #expect(successes.take().map(\.count) == [1])
  }

  @Test("A breaker comes and goes with the routes, and keeps its state otherwise")
  func adoptedBreaker() {
    let upstream = Self.upstream([Self.address(1)])
    #expect(upstream.snapshot(at: 0).breaker == nil)
    upstream.adopt(breaker: BreakerRules())
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<5 { upstream.failed(pass, at: Self.address(1), at: 0) }
    upstream.adopt(breaker: BreakerRules())
    #expect(upstream.snapshot(at: 1).breaker == "open")
    upstream.adopt(breaker: nil)
    #expect(upstream.snapshot(at: 2).breaker == nil)
    #expect(upstream.view().passesAll)
  }

  @Test("Each change of the breaker is one line and a new version; requests change neither")
  func breaker() {
    let lines = Lines()
    let upstream = Self.upstream(
      [Self.address(1)], breaker: BreakerRules(readmission: .seconds(10)), lines)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    let before = upstream.version
    for _ in 0..<4 { upstream.failed(pass, at: Self.address(1), at: 0) }
    #expect(upstream.version == before)
    #expect(upstream.needsAttention)
    upstream.failed(pass, at: Self.address(1), at: 0)
    #expect(upstream.view().refusesUntil == 30_000)
    #expect(upstream.admit(at: 29_999, isReplaceable: false, draw: 0) == .refused)
    for _ in 0..<2 {
      guard case .passed(let probe) = upstream.admit(at: 30_000, isReplaceable: false, draw: 0)
      else {
        Issue.record("a try was refused")
        return
      }
      upstream.succeeded(probe, at: Self.address(1), at: 30_000)
    }
    #expect(!upstream.view().passesAll)
    let closed = upstream.version
    upstream.advance(to: 40_000)
    #expect(upstream.view().passesAll)
    #expect(upstream.version > closed)
    #expect(!upstream.needsAttention)
    #expect(
      lines.texts.withLock(\.self)
        == Array(repeating: "circuit breaker changed", count: 3))
  }

  /// The upstream after a reload that changed something about it.
  private static func reloaded(
    _ former: SharedUpstream, _ endpoints: [NetworkAddress], breaker: BreakerRules?,
    _ change: (inout UpstreamPolicies) -> Void
  ) -> SharedUpstream {
    var configuration = UpstreamConfiguration(name: "orders", target: .network(endpoints))
    configuration.policies = former.policies
    change(&configuration.policies)
    return SharedUpstream(
      configuration, breaker: breaker, ejection: EjectionRules(), former: former,
      logger: Lines().logger)
  }

  @Test("A reload that changes other settings keeps an open breaker, addresses and places")
  func reload() throws {
    let rules = BreakerRules(trip: .consecutive(failures: 1))
    let endpoints = [Self.name, Self.address(9)]
    let before = Self.reloaded(Self.upstream(endpoints, breaker: rules), endpoints, breaker: rules)
    {
      $0.bulkhead = BulkheadRules(inFlight: 2)
    }
    before.resolved(Self.name, to: ["10.0.0.1"])
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    before.failed(pass, at: Self.address(9), at: 5)
    #expect(before.view().refusesUntil == 30_005 && before.bulkhead?.take() == true)

    let after = Self.reloaded(before, endpoints, breaker: rules) { $0.panicPercent = 7 }
    #expect(after.view().refusesUntil == 30_005 && after.hasClockwork)
    #expect(after.admit(at: 6, isReplaceable: false, draw: 0) == .refused)
    #expect(after.bulkhead?.inFlight == 1)
    #expect(after.places.map(\.address) == [Self.address(9), Self.address(1)])
    #expect(after.wasLookedUp)
    #expect(after.snapshot(at: 6).totals.breakerOpened == 1)

    var others = rules
    others.successes = 7
    let another = Self.reloaded(before, [Self.address(9)], breaker: others) {
      $0.bulkhead = BulkheadRules(inFlight: 3)
    }
    #expect(another.view().passesAll && another.bulkhead?.inFlight == 0)
    #expect(another.places.map(\.address) == [Self.address(9)])
  }
}
