// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct SpecificityTests {
  /// Listed from least to most specific, to show that file order decides last.
  private static func table() throws -> RoutingTable {
    try RoutingTable(
      ProxyConfiguration(routes: [
        RouteConfiguration("everything", "/**"),
        RouteConfiguration("below-orders", "/orders/**"),
        RouteConfiguration("items", "/orders/{id}/items"),
        RouteConfiguration("order", "/orders/{id}"),
        RouteConfiguration("place-order", "/orders", methods: ["POST"]),
        RouteConfiguration("summary", "/orders/summary"),
        RouteConfiguration("below-order", "/orders/{id}/**"),
        RouteConfiguration("slash", "/orders/"),
        RouteConfiguration("encoded", "/caf%c3%a9"),
      ]))
  }

  @Test(arguments: [
    ("GET", "/", "everything"), ("GET", "/carts/1", "everything"), ("OPTIONS", "*", "everything"),
    ("GET", "/ordersX", "everything"), ("GET", "/Orders", "everything"),
    ("GET", "/orders", "below-orders"), ("POST", "/orders", "place-order"),
    ("GET", "/orders/", "slash"), ("GET", "/orders/42", "order"),
    ("GET", "/orders/summary", "summary"), ("GET", "/orders/summary/", "below-order"),
    ("GET", "/orders/42/items", "items"), ("GET", "/orders/42/", "below-order"),
    ("GET", "/orders/42/items/7", "below-order"), ("GET", "/orders//7", "below-orders"),
    ("GET", "/%6Frders/42", "order"), ("GET", "/orders/s%75mmary", "summary"),
    ("GET", "/caf%C3%A9", "encoded"), ("GET", "/caf%C3%a8", "everything"),
    ("GET", "/orders/%zz", "order"), ("GET", "/orders/%", "order"),
  ])
  func theMostSpecificRouteWins(method: String, path: String, route: String) throws {
    #expect(try Self.table().routeName(SampleRequest(method, path)) == route)
  }

  @Test func literalBeatsParameterAtTheFirstDifference() throws {
    let table = try RoutingTable(
      ProxyConfiguration(routes: [
        RouteConfiguration("right", "/{tenant}/orders"),
        RouteConfiguration("left", "/acme/{area}"),
        RouteConfiguration("rest", "/**"),
      ]))
    #expect(table.routeName(SampleRequest("GET", "/acme/orders")) == "left")
    #expect(table.routeName(SampleRequest("GET", "/other/orders")) == "right")
  }

  @Test func aMoreSpecificPathThatDoesNotTakeTheMethodIsPassedOver() throws {
    let table = try RoutingTable(
      ProxyConfiguration(routes: [
        RouteConfiguration("exact", "/a/b", methods: ["POST"]),
        RouteConfiguration("template", "/a/{x}", methods: ["PUT"]),
        RouteConfiguration("below", "/a/**"),
      ]))
    #expect(table.routeName(SampleRequest("POST", "/a/b")) == "exact")
    #expect(table.routeName(SampleRequest("PUT", "/a/b")) == "template")
    #expect(table.routeName(SampleRequest("GET", "/a/b")) == "below")
    #expect(table.routeName(SampleRequest("GET", "/c")) == nil)
  }

  @Test func moreConditionsWinThenFileOrder() throws {
    var plain = try RouteConfiguration("plain", "/orders")
    var header = try RouteConfiguration("header", "/orders")
    header.match.headers = [FieldCondition("x-beta", .present)]
    var both = try RouteConfiguration("both", "/orders", methods: ["GET"])
    both.match.headers = [FieldCondition("x-beta", .present)]
    var rival = try RouteConfiguration("rival", "/orders")
    rival.match.query = [FieldCondition("beta", .present)]
    plain.legacy = "orders"
    let table = try RoutingTable(ProxyConfiguration(routes: [plain, header, both, rival]))
    var request = SampleRequest("GET", "/orders")
    #expect(table.routeName(request) == "plain")
    request.headers = [("X-Beta", "")]
    #expect(table.routeName(request) == "both")
    request.method = "PUT"
    request.query = "beta"
    #expect(table.routeName(request) == "header")
    request.headers = []
    #expect(table.routeName(request) == "rival")
  }
}
