// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct ReportTests {
  @Test func routesAreListedAsATable() throws {
    var orders = try RouteConfiguration("orders", "/orders/**", methods: ["GET", "POST"])
    orders.extracted = "orders"
    orders.percent = try #require(Percentage(parsing: "0.5"))
    orders.sticky = [.cookie("session"), .clientAddress]
    let rest = try RouteConfiguration("rest", "/**")
    #expect(
      RouteListing(ProxyConfiguration(routes: [orders, rest])).text == """
        ROUTE   MATCH                LEGACY  EXTRACTED  % IN FILE  STICKY
        orders  GET,POST /orders/**  legacy  orders     0.5        cookie session, client-address
        rest    /**                  legacy  -          -          -

        """)
  }

  @Test func aConfigurationWrittenInSwiftIsCheckedToo() throws {
    var route = try RouteConfiguration("orders", "/**")
    route.extracted = "order"
    let problem = #expect(throws: InvalidConfiguration.self) {
      try RoutingTable(ProxyConfiguration(routes: [route]))
    }
    #expect(
      problem?.description
        == "error: routes[0].extracted: there is no upstream \"order\"; did you mean \"orders\"?")
  }

  @Test func routesOfAGroupMustFindTheirUsersAlike() throws {
    var orders = try RouteConfiguration("orders", "/orders/**")
    orders.extracted = "orders"
    orders.group = "checkout"
    orders.sticky = [.header("x-user-id")]
    var carts = orders
    carts.name = "carts"
    carts.match.path = .everything
    #expect(ProxyConfiguration(routes: [orders, carts]).diagnostics() == [])
    carts.sticky = [.clientAddress]
    #expect(
      ProxyConfiguration(routes: [orders, carts]).diagnostics().map(\.description) == [
        "error: routes[1].sticky: routes[0] of the group \"checkout\" finds its users elsewhere "
          + "(header x-user-id), so one user could be on two sides"
      ])
  }

  @Test func requestsNobodyWouldAnswerAreAWarning() throws {
    let configuration = ProxyConfiguration(routes: [try RouteConfiguration("orders", "/orders")])
    #expect(
      configuration.diagnostics().map(\.description) == [
        "warning: upstreams.orders: no route uses this upstream",
        "warning: routes: requests that no route takes are answered 404; add a route for /**",
      ])
  }

  @Test func validationIsReportedAsTextAndJSON() {
    let location = SourceLocation(file: "s.yaml", line: 3, column: 7)
    let decoded = DecodedConfiguration(unreadable: [
      Diagnostic(.error, location: location, key: "routes[0]", message: "bad"),
      Diagnostic(.warning, key: "", message: "odd"),
    ])
    let report = ValidationReport(decoded, file: "s.yaml")
    #expect(!report.isUsable)
    #expect(
      report.text == """
        s.yaml:3:7: error: routes[0]: bad
        warning: odd
        s.yaml: 1 error, 1 warning

        """)
    #expect(
      report.json == """
        {
          "diagnostics" : [
            {
              "column" : 7,
              "key" : "routes[0]",
              "line" : 3,
              "message" : "bad",
              "severity" : "error"
            },
            {
              "key" : "",
              "message" : "odd",
              "severity" : "warning"
            }
          ],
          "file" : "s.yaml",
          "usable" : false
        }

        """)
  }
}
