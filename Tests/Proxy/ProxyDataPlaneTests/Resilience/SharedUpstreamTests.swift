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

  /// `orders` and `reports` of one legacy, each with a side of its own.
  private static func sides(
    _ counters: ProxyCounters
  ) -> (legacy: SharedUpstream, orders: SharedUpstream, reports: SharedUpstream) {
    let outcomes = RouteOutcomes(counters)
    func upstream(_ name: String, _ last: Int, _ breaker: BreakerRules?) -> SharedUpstream {
      SharedUpstream(
        UpstreamConfiguration(name: name, target: .network([address(last)])), breaker: breaker,
        ejection: EjectionRules(), outcomes: outcomes, logger: Lines().logger)
    }
    let all = (
      upstream("legacy", 8, nil), upstream("orders", 1, BreakerRules()),
      upstream("reports", 2, BreakerRules())
    )
    outcomes.adopt([
      0: RouteOutcomes.Sides(legacy: all.0, extracted: all.1),
      1: RouteOutcomes.Sides(legacy: all.0, extracted: all.2),
    ])
    outcomes.look(at: 0)
    return all
  }

  private static func counters() -> ProxyCounters {
    ProxyCounters(
      routes: ["orders", "reports"], upstreams: [], rejectionReasons: [], failureReasons: [],
      workers: 2)
  }

  @Test("Another route on which legacy fails as a whole keeps no breaker closed")
  func breakerAndOtherRoute() {
    let counters = Self.counters()
    let (legacy, orders, reports) = Self.sides(counters)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for index in 0..<60 {
      counters.worker(index % 2)
        .requestFinished(route: 0, side: .legacy, status: 200, nanoseconds: 1)
      counters.worker(index % 2)
        .requestFinished(route: 1, side: .legacy, status: 500, nanoseconds: 1)
      legacy.failed(nil, at: Self.address(8), at: 1_000, route: 1)
    }
    for _ in 0..<5 { orders.failed(pass, at: Self.address(1), at: 2_000, route: 0) }
    #expect(orders.snapshot(at: 2_000).breaker == "open")
    // On that other route both sides fail.
    for _ in 0..<100 { reports.failed(pass, at: Self.address(2), at: 2_000, route: 1) }
    #expect(reports.snapshot(at: 2_000).breaker == "closed")
  }

  @Test("A route that legacy hardly answers is measured by all of legacy's requests")
  func breakerAndRouteWithoutLegacy() {
    let counters = Self.counters()
    let (legacy, orders, _) = Self.sides(counters)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    for _ in 0..<60 { legacy.failed(nil, at: Self.address(8), at: 1_000, route: 1) }
    for _ in 0..<100 { orders.failed(pass, at: Self.address(1), at: 2_000, route: 0) }
    #expect(orders.snapshot(at: 2_000).breaker == "closed")
  }

  @Test("What legacy's route did longer ago than recently counts for nothing")
  func breakerAndFormerTrouble() {
    let counters = Self.counters()
    let (legacy, orders, _) = Self.sides(counters)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    func legacyAnswers(_ status: Int) {
      for _ in 0..<100 {
        counters.worker(0).requestFinished(
          route: 0, side: .legacy, status: status, nanoseconds: 1)
      }
    }
    legacyAnswers(500)
    legacy.take(UpstreamBatch(), at: 12_000)
    legacyAnswers(200)
    for _ in 0..<5 { orders.failed(pass, at: Self.address(1), at: 13_000, route: 0) }
    #expect(orders.snapshot(at: 13_000).breaker == "open")
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
}
