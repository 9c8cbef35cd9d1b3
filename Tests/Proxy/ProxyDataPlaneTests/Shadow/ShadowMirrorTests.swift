// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import ShadowComparison
import Testing

@Suite("Shadow: what is sent", .everyTransport, .timeLimit(.minutes(1)))
struct ShadowMirrorTests {
  private static let get =
    "GET /orders/1?x=2 HTTP/1.1\r\nHost: shop\r\nCookie: a=b\r\nX-Own: 1\r\n\r\n"

  @Test("The extracted side gets a marked copy of a read, and the client legacy's answer")
  func mirrorsReads() async throws {
    let (legacy, extracted) = (Received(), Received())
    try await Origin.run(legacy.saying("old")) { old in
      try await Origin.run(extracted.saying("new")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration(mode: .mirror))
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "old")
          }
          let tally = try await proxy.waits { $0.sent == 1 }
          #expect(tally.outcomes.isEmpty)
          let copy = try #require(extracted.all.first)
          let original = try #require(legacy.all.first)
          #expect(copy.value("x-strangler-shadow") == "mirror")
          #expect(original.value("x-strangler-shadow") == nil)
          #expect(copy.lines.filter { !$0.hasPrefix("x-strangler") } == original.lines)
          #expect(copy.value("cookie") == "a=b")
        }
      }
    }
  }

  @Test("A write stays with legacy and is counted, unless the route says otherwise")
  func keepsWrites() async throws {
    let extracted = Received()
    try await Origin.run(Origin.saying("old")) { old in
      try await Origin.run(extracted.saying("new")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration())
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
              try await client.send(
                "\(method) /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
              #expect(try await client.message()?.text == "old")
            }
          }
          // And what asks to be taken for one.
          try await Loopback.connect(proxy.port) { client in
            for (target, field) in [
              ("/orders/1", "X-HTTP-Method-Override: DELETE"), ("/orders/1?_method=PUT", "A: b"),
            ] {
              try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
              #expect(try await client.message()?.text == "old")
            }
          }
          try await proxy.waits { $0.drops == [.unsafeMethod: 6] }
          #expect(extracted.all.isEmpty)
        }
      }
    }
  }

  @Test("A sandbox gets writes with their body, without credentials, under a key of their own")
  func writesToSandbox() async throws {
    let (legacy, extracted) = (Received(), Received())
    try await Origin.run(legacy.saying("old")) { old in
      try await Origin.run(extracted.saying("old")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration(includesWrites: true),
          isSandbox: true)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(
              "POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nCookie: a=b\r\n"
                + "X-API-Key: k\r\nX-Strangler-Shadow: mine\r\n"
                + "Idempotency-Key: 7\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
                + "0\r\n\r\n")
            #expect(try await client.message()?.text == "old")
          }
          try await proxy.waits { $0.outcomes == [.matched: 1] }
          let copy = try #require(extracted.all.first)
          #expect(copy.text == "abcde")
          #expect(copy.values("authorization") + copy.values("cookie") == [])
          #expect(copy.values("x-api-key") == [])
          // A stranger's mark gets nowhere.
          #expect(copy.values("x-strangler-shadow") == ["compare"])
          #expect(legacy.all.first?.values("x-strangler-shadow") == [])
          #expect(legacy.all.first?.value("x-api-key") == "k")
          #expect(copy.values("idempotency-key").count == 1)
          #expect(copy.value("idempotency-key")?.hasPrefix("shadow-") == true)
          #expect(legacy.all.first?.value("idempotency-key") == "7")
        }
      }
    }
  }

  @Test("A copy does not carry what the route withholds; legacy gets it each time")
  func withholds() async throws {
    let (legacy, extracted) = (Received(), Received())
    try await Origin.run(legacy.saying("old")) { old in
      try await Origin.run(extracted.saying("new")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port,
          ShadowConfiguration(withhold: ["Authorization", "X-Session", "X_Tenant"]))
        try await RunningProxy.run(configuration, ledger: TestLedger()) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(
              "GET / HTTP/1.1\r\nHost: a\r\nauthorization: Bearer x\r\nX_Session: 1\r\n"
                + "X_Tenant: 2\r\nx-tenant: 3\r\n"
                + "Cookie: a=b\r\n\r\n")
            #expect(try await client.message()?.text == "old")
          }
          try await proxy.waits { $0.judged == 1 }
          let copy = try #require(extracted.all.first)
          #expect(copy.values("authorization") + copy.values("x_session") == [])
          #expect(copy.values("x_tenant") + copy.values("x-tenant") == [])
          #expect(copy.value("cookie") == "a=b")
          #expect(legacy.all.map { $0.value("authorization") } == ["Bearer x", "Bearer x"])
        }
      }
    }
  }

  @Test("The share taken is exact for what has an id, and the same for each id")
  func samples() async throws {
    let extracted = Received()
    let share = try #require(Percentage(hundredths: 2_500))
    try await Origin.run(Origin.saying("old")) { old in
      try await Origin.run(extracted.saying("old")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port,
          ShadowConfiguration(mode: .mirror, sample: .percent(share), inFlight: 1_000))
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for round in 1...2 {
              for id in 1...100 {
                try await client.send(
                  "GET /\(round) HTTP/1.1\r\nHost: a\r\nX-Request-ID: \(id)\r\n\r\n")
                _ = try await client.message()
              }
            }
          }
          try await proxy.shadowsEnd()
          let ids = [1, 2].map { round in
            extracted.all.filter { $0.startLine.hasPrefix("GET /\(round) ") }
              .compactMap { $0.value("x-request-id") }.sorted()
          }
          #expect(ids[0] == ids[1])
          let buckets = UserBuckets(group: "shadow of orders")
          #expect(
            ids[0] == (1...100).map(String.init).filter { buckets.bucket(of: $0) < 2_500 }.sorted())
        }
      }
    }
  }

  @Test("A request that legacy did not answer, or that may switch protocols, has no shadow")
  func needsAnAnswer() async throws {
    let extracted = Received()
    let dying: Origin.Behaviour = { connection, _ in _ = try await connection.message() }
    try await Origin.run(dying) { old in
      try await Origin.run(extracted.saying("new")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration())
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            #expect(try await client.message()?.status == 502)
            try await client.send(
              "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            #expect(try await client.message()?.status == 502)
          }
          try await proxy.waits { $0.drops == [.legacyUnanswered: 1] }
          #expect(extracted.all.isEmpty)
        }
      }
    }
  }

  @Test("A reload begins, changes and ends shadows without a new process")
  func reloads() async throws {
    let extracted = Received()
    try await Origin.run(Origin.saying("old")) { old in
      try await Origin.run(extracted.saying("old")) { new in
        var configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration(mode: .off))
        try await RunningProxy.run(configuration) { proxy in
          configuration.transport = EveryTransport.current
          try await Loopback.connect(proxy.port) { client in
            func ask(_ mode: ShadowConfiguration.Mode) async throws {
              configuration.routes[0].shadow = ShadowConfiguration(mode: mode)
              try await proxy.server.reload(configuration, unixMilliseconds: 0)
              try await client.send("GET /\(mode) HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.text == "old")
            }
            try await ask(.off)
            try await ask(.mirror)
            try await proxy.waits { $0.sent == 1 }
            try await ask(.compare)
            try await proxy.waits { $0.sent == 2 && $0.outcomes == [.matched: 1] }
            try await ask(.off)
            #expect(proxy.shadow == nil)
          }
        }
        #expect(
          extracted.all.map(\.startLine) == ["GET /mirror HTTP/1.1", "GET /compare HTTP/1.1"])
      }
    }
  }
}
