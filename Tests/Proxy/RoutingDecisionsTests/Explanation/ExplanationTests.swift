// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct ExplanationTests {
  private static func table() throws -> RoutingTable {
    var beta = try RouteConfiguration("beta", "/orders/{id}", methods: ["GET"])
    beta.match.headers = [FieldCondition("x-beta", .equals("1"))]
    var orders = try RouteConfiguration("orders", "/orders/**", methods: ["GET", "POST"])
    orders.extracted = "orders"
    orders.percent = try #require(Percentage(parsing: "90"))
    orders.sticky = [.header("x-user-id"), .clientAddress]
    var shop = try RouteConfiguration("shop", "/**")
    shop.match.host = HostPattern(parsing: "shop.example")
    let routes = [
      try RouteConfiguration("rest", "/**"), shop, beta, orders,
      try RouteConfiguration("carts", "/carts/**"),
    ]
    return try RoutingTable(ProxyConfiguration(routes: routes))
  }

  @Test func saysWhatWasDecidedAndWhatBecameOfEveryRoute() throws {
    let request = RequestText(
      "GET /%6Frders/42?page=2", headers: ["x-user-id: 7", "Host: shop.example"])
    let explanation = try Self.table().explain(request)
    #expect(
      explanation.text == """
        GET /%6Frders/42?page=2
          host      shop.example
          client    127.0.0.1
          path      compared as /orders/42
          route     orders (GET,POST /orders/**)
          user key  "7" from header x-user-id
          bucket    8672 of group "orders"; 90 % takes buckets 0 to 8999
          side      extracted
          upstream  orders (127.0.0.1:9002)
          fallback  legacy (127.0.0.1:9001), for safe methods only

          routes, most specific first
            beta    /orders/{id}  header x-beta does not match
            orders  /orders/**    takes it
            shop    /**           would take it, but orders comes first
            rest    /**           would take it, but orders comes first
            carts   /carts/**     path does not match

        """)
  }

  @Test func theSameAsJSON() throws {
    let json = try Self.table().explain(RequestText("DELETE /orders/42")).json
    #expect(
      json == """
        {
          "attempts" : [
            {
              "path" : "/orders/{id}",
              "reason" : "method does not match",
              "route" : "beta",
              "taken" : false
            },
            {
              "path" : "/orders/**",
              "reason" : "method does not match",
              "route" : "orders",
              "taken" : false
            },
            {
              "path" : "/**",
              "reason" : "host does not match",
              "route" : "shop",
              "taken" : false
            },
            {
              "path" : "/**",
              "reason" : "takes it",
              "route" : "rest",
              "taken" : true
            },
            {
              "path" : "/carts/**",
              "reason" : "path does not match",
              "route" : "carts",
              "taken" : false
            }
          ],
          "authority" : "127.0.0.1:8080",
          "clientAddress" : "127.0.0.1",
          "method" : "DELETE",
          "normalizedPath" : "/orders/42",
          "path" : "/orders/42",
          "query" : "",
          "route" : "rest",
          "side" : "legacy",
          "upstream" : "legacy"
        }

        """)
  }

  @Test func saysWhenNoKeyIsThereAndWhenNoRouteIs() throws {
    var route = try RouteConfiguration("orders", "/orders")
    route.extracted = "orders"
    route.sticky = [.header("x-user-id"), .cookie("session")]
    let table = try RoutingTable(ProxyConfiguration(routes: [route]))
    let keyless = try table.explain(RequestText("GET /orders")).text
    #expect(
      keyless.contains(
        "none (looked for header x-user-id, cookie session); stays with legacy below 100 %"))
    let routeless = try table.explain(RequestText("GET /carts")).text
    #expect(routeless.contains("route   none: the proxy answers 404"))
  }

  @Test(arguments: [
    ("GET", [], "expected a method and a path such as 'GET /orders/42', found 'GET'"),
    ("GET /a b", [], "expected a method and a path such as 'GET /orders/42', found 'GET /a b'"),
    (
      "GET /\r\nX: y", [],
      "expected a method and a path such as 'GET /orders/42', found 'GET /\r\nX: y'"
    ),
    ("GET /", ["novalue"], "expected a header field such as 'x-user-id: 7', found 'novalue'"),
    (
      "GET /", ["a: b\r\nc: d"],
      "expected a header field such as 'x-user-id: 7', found 'a: b\r\nc: d'"
    ),
    (
      "GET /a/../b", [],
      """
      the proxy refuses this request before routing: 400 ambiguous-path: The path holds \
      '..', '//', an encoded slash, a backslash or a bad escape.
      """
    ),
    (
      "GET / HTTP/2.0", [],
      """
      the proxy refuses this request before routing: 505 unsupported-version: Only \
      HTTP/1.0 and HTTP/1.1 are spoken here.
      """
    ),
  ])
  func requestsThatCannotBeExplainedSayWhy(
    request: String, headers: [String], expected: String
  ) throws {
    let table = try Self.table()
    do {
      _ = try table.explain(RequestText(request, headers: headers))
      Issue.record("explained")
    } catch {
      #expect(error.description == expected)
    }
  }

  /// What is explained is what is decided, on random requests to random tables.
  @Test(arguments: [UInt64](1...20))
  func explanationsAgreeWithDecisions(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let table = try Self.table()
    for _ in 0..<100 {
      let method = ["GET", "POST", "PUT"].randomElement(using: &random) ?? ""
      var request = SampleRequest(
        method, ["/orders", "/orders/1", "/carts/1", "/"].randomElement(using: &random) ?? "")
      if Bool.random(using: &random) { request.host = "other.example" }
      if Bool.random(using: &random) { request.headers.append(("x-beta", "1")) }
      request.headers.append(("x-user-id", "\(Int.random(in: 0...99, using: &random))"))
      let explanation = request.withView { table.explain($0) }
      #expect(explanation.decision == table.decide(request), "seed \(seed)")
      let taken = explanation.attempts.filter { $0.outcome == .taken }.map(\.routeIndex)
      #expect(taken == [explanation.decision.routeIndex], "seed \(seed)")
      #expect(Set(explanation.attempts.map(\.routeIndex)).count == 5)
    }
  }
}
