// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@Suite("Parts of composed answers that fail", .everyTransport, .timeLimit(.minutes(2)))
struct CompositionFailureTests {
  private static let get = "GET /accounts/7 HTTP/1.1\r\nHost: shop\r\n\r\n"

  /// A proxy with a good part `customers` and a part `orders` that behaves so.
  private static func run(
    orders behaviour: @escaping Origin.Behaviour, part: CompositionPart,
    customersAreRequired: Bool = true, deadline: Duration? = nil,
    _ body: (WireConnection, RunningProxy) async throws -> Void
  ) async throws {
    try await Origin.run(Origin.json("{\"name\":\"Ada\"}")) { customers in
      try await Origin.run(behaviour) { orders in
        let configuration = try ProxyConfiguration.composed(
          ["customers": customers.port, "orders": orders.port],
          parts: [.part("customers", required: customersAreRequired), part], deadline: deadline)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { try await body($0, proxy) }
        }
      }
    }
  }

  /// What comes of an optional part that behaves so, twice on one connection.
  private static func expectAbsent(
    _ reason: String, part: CompositionPart, orders: @escaping Origin.Behaviour
  ) async throws {
    try await run(orders: orders, part: part) { client, proxy in
      for _ in 0..<2 {
        try await client.send(get)
        let answer = try #require(try await client.message())
        #expect(answer.status == 200)
        #expect(
          answer.text == "{\"customers\":{\"name\":\"Ada\"},"
            + "\"_errors\":[{\"part\":\"orders\",\"reason\":\"\(reason)\"}]}")
        #expect(answer.value("cache-control") == "no-store")
      }
      let parts = proxy.server.upstreams.snapshot().flatMap(\.parts)
      #expect(parts.map(\.answered) == [2, 0])
      #expect(parts[1].failures == [reason: 2])
    }
  }

  @Test("A dead part is absent, and the answer is there")
  func dead() async throws {
    try await Self.expectAbsent(
      "closed-before-response", part: .part("orders"), orders: { _, _ in })
  }

  @Test("An error is absent, and told by its status")
  func status() async throws {
    try await Self.expectAbsent("status-500", part: .part("orders"), orders: Origin.status(500))
    try await Self.expectAbsent("status-404", part: .part("orders"), orders: Origin.status(404))
  }

  @Test("What is not JSON, or packed although nobody asked, is absent")
  func notJSON() async throws {
    try await Self.expectAbsent("not-json", part: .part("orders"), orders: Origin.json("{]"))
    try await Self.expectAbsent(
      "encoded", part: .part("orders"), orders: Origin.json("{}", "content-encoding: gzip\r\n"))
  }

  @Test("An answer beyond its limit is absent, with a length and without")
  func tooLarge() async throws {
    let text = "[" + String(repeating: "1,", count: 600) + "1]"
    let part = try CompositionPart.part("orders", maximumBytes: 1_000)
    try await Self.expectAbsent("too-large", part: part, orders: Origin.json(text))
    try await Self.expectAbsent(
      "too-large", part: part,
      orders: Origin.answering { _ in
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
          + "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n0\r\n\r\n"
      })
  }

  @Test("A part that is too slow is absent; its client does not wait for it")
  func slow() async throws {
    let silent: Origin.Behaviour = { connection, requests in
      while try await connection.message() != nil { requests.add() }
    }
    try await Self.expectAbsent(
      "timeout", part: .part("orders", timeout: .milliseconds(80)), orders: silent)
    // One that stops in the middle of its answer is as slow.
    try await Self.expectAbsent(
      "timeout", part: .part("orders", timeout: .milliseconds(80)),
      orders: { connection, _ in
        while try await connection.message() != nil {
          try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1,")
        }
      })
  }

  @Test("The deadline of all ends a part whose own time is longer")
  func deadline() async throws {
    let silent: Origin.Behaviour = { connection, _ in
      while try await connection.message() != nil {}
    }
    try await Self.run(orders: silent, part: .part("orders"), deadline: .milliseconds(80)) {
      client, _ in
      try await client.send(Self.get)
      #expect(try await client.message()?.text.contains("\"reason\":\"timeout\"") == true)
    }
  }

  @Test("A part without content is null")
  func noContent() async throws {
    let empty = Origin.answering { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
    try await Self.run(orders: empty, part: .part("orders")) { client, _ in
      try await client.send(Self.get)
      #expect(
        try await client.message()?.text == "{\"customers\":{\"name\":\"Ada\"},\"orders\":null}")
    }
  }

  @Test("A value stands in for a part that failed, which is named all the same")
  func fallbackValue() async throws {
    let part = try CompositionPart.part("orders", required: true, fallback: .value("[0]"))
    try await Self.run(orders: Origin.status(503), part: part) { client, proxy in
      try await client.send(Self.get)
      #expect(
        try await client.message()?.text
          == "{\"customers\":{\"name\":\"Ada\"},\"orders\":[0],"
          + "\"_errors\":[{\"part\":\"orders\",\"reason\":\"status-503\",\"fallback\":true}]}")
      #expect(proxy.server.upstreams.snapshot().flatMap(\.parts).map(\.replaced) == [0, 1])
    }
  }

  @Test("Another upstream stands in for a part that failed")
  func fallbackUpstream() async throws {
    let part = try CompositionPart.part(
      "orders", required: true,
      fallback: .upstream("customers", path: PartPath(parsing: "/old/{id}")))
    try await Self.run(orders: Origin.status(503), part: part) { client, _ in
      try await client.send(Self.get)
      let answer = try #require(try await client.message())
      #expect(answer.text.contains("\"orders\":{\"name\":\"Ada\"},\"_errors\""))
      #expect(answer.value("cache-control") == "no-store")
    }
  }

  @Test("A required part that fails fails the whole, and says so")
  func required() async throws {
    let part = try CompositionPart.part("orders", required: true)
    try await Self.run(orders: Origin.status(500), part: part) { client, _ in
      try await client.send(Self.get)
      let answer = try #require(try await client.message())
      #expect(answer.status == 502)
      #expect(answer.text.contains("\"reason\":\"part-failed\""))
      #expect(answer.text.contains("\"upstream\":\"account\""))
    }
  }

  @Test("What a required part refuses, or does not have, is what the client is told")
  func clientStatus() async throws {
    let part = try CompositionPart.part("orders", required: true)
    try await Self.run(orders: Origin.status(404), part: part) { client, _ in
      try await client.send(Self.get)
      let answer = try #require(try await client.message())
      #expect(answer.status == 404)
      #expect(answer.text == "{\"_errors\":[{\"part\":\"orders\",\"reason\":\"status-404\"}]}")
    }
    try await Self.run(
      orders: Origin.status(401, "www-authenticate: Bearer\r\n"), part: part
    ) { client, _ in
      try await client.send(Self.get)
      let answer = try #require(try await client.message())
      #expect(answer.status == 401)
      #expect(answer.value("www-authenticate") == "Bearer")
    }
  }

  @Test("Where no part is there, there is no answer")
  func nothing() async throws {
    try await Origin.run(Origin.status(500)) { origin in
      let configuration = try ProxyConfiguration.composed(
        ["a": origin.port, "b": origin.port], parts: [.part("a"), .part("b")])
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.status == 502)
        }
      }
    }
  }

  @Test("Legacy answers for a composed extracted side whose required part failed")
  func legacyTakesOver() async throws {
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(Origin.status(500)) { orders in
        let configuration = try ProxyConfiguration.composed(
          ["orders": orders.port], parts: [.part("orders", required: true)], legacy: legacy.port)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            let answer = try #require(try await client.message())
            #expect(answer.text == "legacy")
            #expect(answer.value("strangler-fallback") == "legacy")
          }
        }
      }
    }
  }

  @Test("The breaker of a part keeps it from being asked; the answer goes without it")
  func breaker() async throws {
    try await Origin.run(Origin.json("1")) { customers in
      try await Origin.run(Origin.status(500)) { orders in
        var configuration = try ProxyConfiguration.composed(
          ["customers": customers.port, "orders": orders.port],
          parts: [.part("customers"), .part("orders")])
        configuration = configuration.policies(of: "orders") {
          $0.breaker = .rules(BreakerRules(trip: .consecutive(failures: 3), open: .seconds(60)))
        }
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for round in 0..<10 {
              try await client.send(Self.get)
              let answer = try #require(try await client.message())
              #expect(answer.status == 200)
              #expect(answer.text.contains(round < 3 ? "status-500" : "circuit-open"))
            }
          }
        }
        #expect(orders.requests.value == 3)
      }
    }
  }

  @Test("Parts of fifty clients at a time take no more places than the bulkhead has")
  func bulkhead() async throws {
    let gauge = Gauge()
    let counting: Origin.Behaviour = { connection, requests in
      while try await connection.message() != nil {
        requests.add()
        gauge.enter()
        try await Loopback.pause(milliseconds: 5)
        gauge.leave()
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1")
      }
    }
    try await Origin.run(Origin.json("2")) { customers in
      try await Origin.run(counting) { orders in
        var configuration = try ProxyConfiguration.composed(
          ["customers": customers.port, "orders": orders.port],
          parts: [.part("customers"), .part("orders")])
        configuration.workers = 2
        configuration = configuration.policies(of: "orders") {
          $0.bulkhead = BulkheadRules(inFlight: 4, queue: 8, wait: .milliseconds(20))
        }
        try await RunningProxy.run(configuration) { proxy in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
              group.addTask {
                try await Loopback.connect(proxy.port) { client in
                  for _ in 0..<5 {
                    try await client.send(Self.get)
                    let answer = try #require(try await client.message())
                    #expect(answer.status == 200)
                    #expect(answer.text.hasPrefix("{\"customers\":2"))
                  }
                }
              }
            }
            try await group.waitForAll()
          }
          let parts = proxy.server.upstreams.snapshot().flatMap(\.parts)
          let failed = parts[1].failures.values.reduce(0, +)
          #expect(parts[1].answered + failed == 250)
          #expect(parts[1].answered == UInt64(orders.requests.value))
          #expect(failed > 0)
        }
      }
    }
    #expect(gauge.most <= 4)
    #expect(gauge.most > 1)
  }

  @Test("A client that leaves takes the questions for its parts along")
  func clientLeaves() async throws {
    let (asked, askedAt) = AsyncStream<Void>.makeStream()
    let (gone, goneAt) = AsyncStream<Void>.makeStream()
    let waiting: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      askedAt.yield()
      // The proxy closes what nobody waits for.
      _ = try? await connection.message()
      goneAt.yield()
    }
    try await Origin.run(waiting) { orders in
      let configuration = try ProxyConfiguration.composed(
        ["orders": orders.port], parts: [.part("orders")])
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          for await _ in asked { break }
          // Who only says that he sends no more may still read.
          try await client.reset()
        }
        for await _ in gone { break }
        try await proxy.waits(for: "orders") {
          $0.totals.inFlight == 0
        } meanwhile: {
          try await letOthersRun()
        }
      }
    }
  }
}

/// How many are in at once, and were at most.
private final class Gauge: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func enter() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func leave() { state.withLock { $0.now -= 1 } }
}
