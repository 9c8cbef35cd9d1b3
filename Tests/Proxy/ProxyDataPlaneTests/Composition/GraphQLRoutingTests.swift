// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Routing by GraphQL operation", .everyTransport, .timeLimit(.minutes(2)))
struct GraphQLRoutingTests {
  /// `products` goes to the catalogue, everything else to legacy.
  private static func run(
    _ body: (RunningProxy) async throws -> Void
  ) async throws {
    func echo(_ name: String) -> Origin.Behaviour {
      Origin.answering { request in
        let text = "\(name) \(request.body.readableBytes)"
        return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
      }
    }
    try await Origin.run(echo("legacy")) { legacy in
      try await Origin.run(echo("catalogue")) { catalogue in
        func upstream(_ name: String, _ port: Int) -> UpstreamConfiguration {
          UpstreamConfiguration(
            name: name, target: .network([NetworkAddress(host: "127.0.0.1", port: port)]))
        }
        let path = try PathTemplate(parsing: "/graphql")
        let configuration = try ProxyConfiguration(
          listen: NetworkAddress(host: "127.0.0.1", port: 0), timeouts: .testing,
          upstreams: [upstream("legacy", legacy.port), upstream("catalogue", catalogue.port)],
          routes: [
            RouteConfiguration(
              name: "products",
              match: RouteMatch(
                path: path,
                graphQL: GraphQLCondition(operations: ["Page"], rootFields: ["products"])),
              legacy: "catalogue"),
            RouteConfiguration(name: "graphql", match: RouteMatch(path: path), legacy: "legacy"),
            RouteConfiguration(
              name: "rest", match: RouteMatch(path: PathTemplate(parsing: "/**")),
              legacy: "legacy"),
          ])
        try await RunningProxy.run(configuration, body)
      }
    }
  }

  private static func post(
    _ body: String, path: String = "/graphql", _ lines: String = "", isChunked: Bool = false
  ) -> String {
    let type = lines.isEmpty ? "Content-Type: application/json\r\n" : lines
    let framing =
      isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(body.utf8.count)\r\n"
    let coded =
      isChunked ? "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n" : body
    return "POST \(path) HTTP/1.1\r\nHost: a\r\n\(type)\(framing)\r\n\(coded)"
  }

  private static let products = "{\"query\":\"{ products { id } }\"}"
  private static let cart = "{\"query\":\"{ products { id } cart { id } }\"}"

  @Test("Operations go where their root fields are, one after the other on one connection")
  func decides() async throws {
    try await Self.run { proxy in
      try await Loopback.connect(proxy.port) { client in
        let cases: [(String, String)] = [
          (Self.post(Self.products), "catalogue"), (Self.post(Self.cart), "legacy"),
          (Self.post(Self.products, isChunked: true), "catalogue"),
          (Self.post("{\"operationName\":\"Page\"}"), "catalogue"),
          (Self.post("{\"operationName\":\"Other\"}"), "legacy"),
          (Self.post("no json"), "legacy"), (Self.post(""), "legacy"),
          (Self.post(Self.products, "Content-Type: text/plain\r\n"), "legacy"),
          (Self.post("{ products }", "Content-Type: application/graphql\r\n"), "catalogue"),
          (
            Self.post(
              Self.products, "Content-Type: application/json\r\nContent-Encoding: br\r\n"), "legacy"
          ),
          (Self.post(Self.products, path: "/other"), "legacy"),
          ("GET /graphql?query=%7Bproducts%7D HTTP/1.1\r\nHost: a\r\n\r\n", "catalogue"),
          ("GET /graphql?query=%7Bcart%7D HTTP/1.1\r\nHost: a\r\n\r\n", "legacy"),
          ("GET /graphql HTTP/1.1\r\nHost: a\r\n\r\n", "legacy"),
        ]
        for (request, expected) in cases {
          try await client.send(request)
          #expect(
            try await client.message()?.text.hasPrefix(expected) == true, "\(request) \(expected)")
        }
        // All at once, as a client does that does not wait.
        try await client.send(cases.map(\.0).joined())
        for (_, expected) in cases {
          #expect(try await client.message()?.text.hasPrefix(expected) == true)
        }
      }
    }
  }

  @Test("A body that comes byte by byte is waited for, and passes whole", arguments: [false, true])
  func slowly(isChunked: Bool) async throws {
    try await Self.run { proxy in
      try await Loopback.connect(proxy.port) { client in
        for byte in Self.post(Self.products, isChunked: isChunked).utf8 {
          try await client.send(String(UnicodeScalar(byte)))
        }
        #expect(try await client.message()?.text == "catalogue \(Self.products.utf8.count)")
      }
    }
  }

  @Test(
    "A body beyond the limit, or that is withheld, goes to the default without being waited for")
  func notWaitedFor() async throws {
    try await Self.run { proxy in
      try await Loopback.connect(proxy.port) { client in
        let padding = String(repeating: " ", count: 70 << 10)
        try await client.send(Self.post(Self.products + padding))
        #expect(try await client.message()?.text.hasPrefix("legacy") == true)
        try await client.send(Self.post(Self.products + padding, isChunked: true))
        #expect(try await client.message()?.text.hasPrefix("legacy") == true)
        try await client.send(
          "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Expect: 100-continue\r\nContent-Length: \(Self.products.utf8.count)\r\n\r\n")
        // The origin says nothing before it has the body, which the client sends at last.
        try await proxy.waits(for: "legacy") { $0.totals.inFlight == 1 }
        try await client.send(Self.products)
        #expect(try await client.message()?.text.hasPrefix("legacy") == true)
      }
    }
  }

  @Test("A body that never comes is answered 408 in the time of a head")
  func neverComes() async throws {
    try await Self.run { proxy in
      var next = proxy.server.routing.current.configuration
      next.timeouts.requestHead = .milliseconds(100)
      try await proxy.server.reload(next, unixMilliseconds: 0)
      try await Loopback.connect(proxy.port) { client in
        try await client.send(String(Self.post(Self.products).dropLast()))
        #expect(try await client.message()?.status == 408)
      }
    }
  }

  @Test("Streams of HTTP/2 are told apart as well")
  func http2() async throws {
    try await Self.run { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        let type = [("content-type", "application/json")]
        let calls = try [Self.products, Self.cart, Self.products].map {
          try client.call("/graphql", method: "POST", type, body: Array($0.utf8))
        }
        try await client.wait { calls.allSatisfy(\.isDone) }
        #expect(
          calls.map { $0.text.prefix { $0 != " " } } == ["catalogue", "legacy", "catalogue"])
      }
    }
  }
}
