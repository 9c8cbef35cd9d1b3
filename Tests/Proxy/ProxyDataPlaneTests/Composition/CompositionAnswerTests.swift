// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Composed answers on their way", .everyTransport, .timeLimit(.minutes(2)))
struct CompositionAnswerTests {
  private static let get = "GET /accounts/7 HTTP/1.1\r\nHost: shop\r\n\r\n"

  @Test("Cache-Control is that of the strictest part, Vary that of all")
  func cacheControl() async throws {
    let one = Origin.json("1", "cache-control: public, max-age=60\r\nage: 10\r\nvary: Accept\r\n")
    let other = Origin.json("2", "cache-control: private, max-age=90\r\nvary: accept, X-User\r\n")
    try await Origin.run(one) { one in
      try await Origin.run(other) { other in
        try await Origin.run(Origin.json("3")) { silent in
          let configuration = try ProxyConfiguration.composed(
            ["one": one.port, "other": other.port, "silent": silent.port],
            parts: [
              .part("one"), .part("other"), .part("silent", cacheControl: "max-age=70"),
            ])
          try await RunningProxy.run(configuration) { proxy in
            try await Loopback.connect(proxy.port) { client in
              try await client.send(Self.get)
              let answer = try #require(try await client.message())
              #expect(answer.text == "{\"one\":1,\"other\":2,\"silent\":3}")
              #expect(answer.value("cache-control") == "private, max-age=50")
              #expect(answer.value("vary") == "accept, x-user")
            }
          }
        }
      }
    }
  }

  @Test("Four mebibytes of parts reach a client that reads late, byte for byte")
  func large() async throws {
    let text = "\"" + String(repeating: "x", count: 2 << 20) + "\""
    try await Origin.run(Origin.json(text)) { origin in
      let configuration = try ProxyConfiguration.composed(
        ["a": origin.port, "b": origin.port],
        parts: [.part("a", maximumBytes: 4 << 20), .part("b", maximumBytes: 4 << 20)])
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get + Self.get)
          try await Loopback.pause(milliseconds: 50)
          for _ in 0..<2 {
            let answer = try #require(try await client.message())
            #expect(answer.body.readableBytes == 2 * text.utf8.count + 11)
            #expect(answer.text == "{\"a\":\(text),\"b\":\(text)}")
          }
        }
        #expect(proxy.server.counters.memory.current < 64 << 10)
      }
    }
  }

  @Test("What a proxy may keep in memory holds for parts too")
  func memory() async throws {
    let text = "\"" + String(repeating: "x", count: 12 << 20) + "\""
    try await Origin.run(Origin.json(text)) { origin in
      var configuration = try ProxyConfiguration.composed(
        ["a": origin.port], parts: [.part("a", maximumBytes: 16 << 20)])
      configuration.limits.memory = 1 << 20
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.status == 502)
        }
        let parts = proxy.server.upstreams.snapshot().flatMap(\.parts)
        #expect(parts[0].failures == ["memory": 1])
      }
    }
  }

  @Test("Clients and parts of HTTP/2 get the same answer")
  func http2() async throws {
    let echo = HTTP2Origin.answering { .text("{\"path\":\"\($0.path)\"}") }
    try await Origin.run(echo) { origin in
      try await Origin.run(Origin.json("[1]")) { other in
        var configuration = try ProxyConfiguration.composed(
          ["a": origin.port, "b": other.port], parts: [.part("a"), .part("b")])
        configuration.upstreams[0].wireProtocol = .http2
        try await RunningProxy.run(configuration) { proxy in
          try await HTTP2Client.run(proxy.port) { client in
            let calls = try (0..<20).map { try client.call("/accounts/\($0)") }
            try await client.wait { calls.allSatisfy(\.isDone) }
            for (index, call) in calls.enumerated() {
              #expect(call.status == 200)
              #expect(call.text == "{\"a\":{\"path\":\"/a/\(index)\"},\"b\":[1]}")
            }
          }
        }
      }
    }
  }

  @Test("A reload that changes a part's upstream is taken up by answers from then on")
  func reload() async throws {
    try await Origin.run(Origin.json("1")) { before in
      try await Origin.run(Origin.json("2")) { after in
        let parts: [CompositionPart] = [try .part("a")]
        let configuration = try ProxyConfiguration.composed(["a": before.port], parts: parts)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "{\"a\":1}")
            var next = try ProxyConfiguration.composed(["a": after.port], parts: parts)
            next.transport = EveryTransport.current
            try await proxy.server.reload(next, unixMilliseconds: 0)
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "{\"a\":2}")
          }
        }
      }
    }
  }

  @Test("A shadow that is composed asks the parts as well, and its answer is compared")
  func shadow() async throws {
    try await Origin.run(Origin.json("{\"a\":1}")) { legacy in
      try await Origin.run(Origin.json("1")) { part in
        var configuration = try ProxyConfiguration.composed(
          ["a": part.port], parts: [.part("a")], legacy: legacy.port)
        configuration.routes[0].percent = .zero
        configuration.routes[0].shadow = ShadowConfiguration(mode: .compare)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "{\"a\":1}")
          }
          try await proxy.waits { $0.comparisons == 1 }
          #expect(part.requests.value == 1)
        }
      }
    }
  }
}
