// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct ConfigurationChangeTests {
  /// `orders` splits at 5 %, `rest` leaves all to legacy.
  private func base() throws -> ProxyConfiguration {
    var orders = try RouteConfiguration("orders", "/orders/**", methods: ["GET"])
    orders.extracted = "orders"
    orders.percent = try percent("5")
    return ProxyConfiguration(routes: [orders, try RouteConfiguration("rest", "/**")])
  }

  private func percent(_ text: String) throws -> Percentage {
    try #require(Percentage(parsing: text))
  }

  private func text(
    loaded: ProxyConfiguration? = nil, from base: ProxyConfiguration? = nil,
    _ edit: (inout ProxyConfiguration) throws -> Void
  ) throws -> String {
    let running = try base ?? self.base()
    var next = loaded ?? running
    try edit(&next)
    return ConfigurationChange(from: running, loaded: loaded, to: next).text
  }

  @Test func nothingChanges() throws {
    #expect(try text { _ in } == "nothing changes\n")
  }

  @Test func anotherServiceIsToldByItsUpstreamsItsRequestsAndItsUsers() throws {
    var running = try base()
    running.upstreams = ["legacy", "orders"].map { name in
      UpstreamConfiguration(
        name: name, target: .network([NetworkAddress(host: "127.0.0.1", port: 9001)]))
    }
    let text = try #require(running.serviceText(ofRoute: "orders"))
    #expect(running.serviceText(ofRoute: "none") == nil)
    var others: Set<String> = []
    for edit in [
      { $0.routes[0].sticky = [.cookie("session")] }, { $0.routes[0].group = "basket" },
      { $0.routes[0].match.methods = ["POST"] }, { $0.routes[0].legacy = "orders" },
      {
        $0.upstreams[1].target = .network([NetworkAddress(host: "127.0.0.1", port: 9002)])
      },
    ] as [(inout ProxyConfiguration) -> Void] {
      var next = running
      edit(&next)
      others.insert(try #require(next.serviceText(ofRoute: "orders")))
    }
    #expect(others.count == 5 && !others.contains(text))
    running.routes[0].percent = try percent("50")
    #expect(running.serviceText(ofRoute: "orders") == text)
  }

  @Test func aPercentageMovesUsersForwardAndBack() throws {
    #expect(
      try text { $0.routes[0].percent = try percent("17") } == """
        ~ route orders: moves 12 % of the users of GET /orders/** from legacy to orders \
        (5 % -> 17 %)

        """)
    #expect(
      try text { $0.routes[0].percent = try percent("0.5") } == """
        ~ route orders: moves 4.5 % of the users of GET /orders/** from orders back to legacy \
        (5 % -> 0.5 %)

        """)
  }

  @Test func anotherGroupDealsUsersAnew() throws {
    #expect(
      try text { $0.routes[0].group = "checkout" } == """
        ~ route orders: deals the users of GET /orders/** anew (5 % -> 5 %): about 9.5 % of them \
        change sides

        """)
  }

  @Test func routesComeAndGo() throws {
    let changed = try text { next in
      next.routes[0] = try RouteConfiguration("carts", "/carts/**")
      next.routes[0].extracted = "orders"
    }
    #expect(
      changed == """
        + route carts: takes /carts/**; 0 % of its users to orders, the others to legacy
        - route orders: no longer takes GET /orders/**

        """)
  }

  @Test func everythingElseOfARouteIsNamed() throws {
    let changed = try text { next in
      next.routes[0].match.methods = ["GET", "POST"]
      next.routes[0].fallback = .off
      next.routes[1].extracted = "orders"
      next.routes.swapAt(0, 1)
    }
    #expect(
      changed == """
        ~ route rest: has an extracted side, orders, at 0 %
        ~ route orders: takes GET,POST /orders/** instead of GET /orders/**
        ~ route orders: fallback: safe-methods -> off
        ~ routes: are tried in another order where they are equally specific

        """)
  }

  @Test func upstreamsAndTimeouts() throws {
    let changed = try text { next in
      let address = NetworkAddress(host: "127.0.0.1", port: 9003)
      next.upstreams[1].target = .network([address])
      next.upstreams.append(UpstreamConfiguration(name: "shop", target: .module("shop")))
      next.timeouts.connect = .milliseconds(250)
      next.timeouts.total = .seconds(3)
    }
    #expect(
      changed == """
        ~ upstream orders: gets the endpoint 127.0.0.1:9003
        ~ upstream orders: loses the endpoint 127.0.0.1:9002; its requests are finished
        + upstream shop: shop (module shop)
        ~ proxy.timeouts.connect: 2s -> 250ms
        ~ proxy.timeouts.total: off -> 3s

        """)
  }

  @Test func whatNeedsANewProcessIsRefusedByName() throws {
    var next = try base()
    next.listen.port = 8081
    next.workers = 2
    next.limits.fields = 50
    next.transport = .nio
    next.admin = AdminConfiguration(listen: NetworkAddress(host: "127.0.0.1", port: 9901))
    var running = try base()
    running.transport = .epoll
    let change = ConfigurationChange(from: running, to: next)
    #expect(
      change.refusals.map(\.subject) == [
        "proxy.listen", "proxy.admin", "proxy.workers", "proxy.transport", "proxy.limits.fields",
      ])
    #expect(change.refusals.first?.text.hasPrefix("127.0.0.1:8080 -> 127.0.0.1:8081 ") == true)
  }

  @Test func aLivePercentageStaysUntilTheFileChangesIt() throws {
    let file = try base()
    var running = file
    running.routes[0].percent = try percent("25")
    let kept = try text(loaded: file, from: running) { $0.timeouts.connect = .seconds(1) }
    #expect(
      kept == """
        = route orders: stays at 25 %, set live; the file says 5 % as before
        ~ proxy.timeouts.connect: 2s -> 1s

        """)
    let replaced = try text(loaded: file, from: running) { $0.routes[0].percent = .full }
    #expect(
      replaced == """
        ~ route orders: moves 75 % of the users of GET /orders/** from legacy to orders \
        (25 % -> 100 %); the file's value replaces the live one

        """)
  }
}
