// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct RoutingNumbersTests {
  private func configuration(_ routes: String...) throws -> ProxyConfiguration {
    ProxyConfiguration(routes: try routes.map { try RouteConfiguration($0, "/\($0)") })
  }

  @Test func aNameKeepsItsNumberWhateverBecomesOfTheOthers() throws {
    let first = RoutingNumbers(try configuration("a", "b"))
    let second = try #require(first.adopting(try configuration("c", "b")))
    let third = try #require(second.adopting(try configuration("b", "a")))
    #expect(third.routes == ["a", "b", "c"])
    #expect(third.route(named: "a") == 0)
    #expect(third.upstreams == first.upstreams)
  }

  @Test func anUpstreamWithOtherSettingsIsAnotherOne() throws {
    var next = try configuration("a")
    let first = RoutingNumbers(next)
    next.upstreams[1].target = .module("orders")
    let second = try #require(first.adopting(next))
    #expect(second.upstream(named: "orders") == 2)
    #expect(first.retired(by: second) == [1])
    next.upstreams.removeLast()
    let third = try #require(second.adopting(next))
    #expect(third.upstream(named: "orders") == nil)
    #expect(second.retired(by: third) == [2])
    #expect(first.retired(by: first) == [])
  }

  @Test func numbersRunOut() throws {
    var numbers = RoutingNumbers(try configuration("a"))
    var next = try configuration("a")
    var changes = 0
    while true {
      let address = NetworkAddress(host: "127.0.0.1", port: changes % 2 + 1)
      next.upstreams[0].target = .network([address])
      guard let adopted = numbers.adopting(next) else { break }
      numbers = adopted
      changes += 1
    }
    #expect(numbers.upstreams.count == RoutingNumbers.limit)
  }

  @Test func decisionsAndExplanationsGoByNumber() throws {
    let first = RoutingNumbers(try configuration("a", "b"))
    let next = try configuration("b")
    let numbers = try #require(first.adopting(next))
    let table = try RoutingTable(next, numbers: numbers)
    #expect(table.decide(SampleRequest("GET", "/b")).routeIndex == 1)
    let explanation = SampleRequest("GET", "/b").withView { table.explain($0) }
    #expect(explanation.route?.name == "b")
    #expect(explanation.upstream?.name == "legacy")
  }
}
