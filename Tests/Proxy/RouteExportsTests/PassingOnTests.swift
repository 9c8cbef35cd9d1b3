// SPDX-License-Identifier: Apache-2.0

import RouteExports
import RoutingDecisions
import Testing

/// What exported proxies pass on to upstreams, and what they keep from them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PassingOnTests {
  private static let configuration = """
    proxy: { listen: 127.0.0.1:0, internal-headers: [x-internal] }
    upstreams:
      legacy: { endpoints: [127.0.0.1:9001] }
    routes:
      - name: internal
        match: { path: /**, headers: { x-internal: { present: true } } }
        legacy: legacy
      - { name: plain, match: { path: /plain }, legacy: legacy, upgrades: [] }
      - { name: all, match: { path: /** }, legacy: legacy }

    """

  private func serve(
    _ format: ExportFormat, _ body: (ServedConfiguration, NamedBackend) async throws -> Void
  ) async throws {
    let served = try ServedConfiguration(SampleConfigurations.decoded(Self.configuration))
    defer { served.end() }
    let export = RouteExport(try RoutingTable(served.configuration), as: format)
    let proxy = try await ExportedProxy.start(export, port: served.port)
    do {
      try await body(served, try #require(served.backends["legacy"]))
    } catch {
      await proxy.end()
      throw error
    }
    await proxy.end()
  }

  @Test(arguments: [ExportFormat.nginx, .haproxy, .envoy])
  func `nobody but the proxy says who the client is`(format: ExportFormat) async throws {
    try await serve(format) { served, backend in
      let head = """
        GET /%6Frders/caf%c3%a9?x=%6f HTTP/1.1\r
        Host: Shop.Example:8080\r
        X-Forwarded-For: 192.0.2.1\r
        X-Forwarded-Host: evil.example\r
        X-Forwarded-Proto: gopher\r
        Forwarded: for=192.0.2.1\r
        X-Real-IP: 192.0.2.1\r
        X-Internal: yes\r
        X-Other: kept\r\n\r\n
        """
      let answer = try await ProxyClient.ask([head], port: served.port)
      #expect(answer == [.init(status: 200, upstream: "legacy")])
      let received = backend.received
      #expect(received.hasPrefix("GET /%6Frders/caf%c3%a9?x=%6f HTTP/1.1\r\n"), "\(received)")
      #expect(received.field("host") == "Shop.Example:8080")
      #expect(received.field("x-forwarded-for") == "127.0.0.1")
      #expect(received.field("x-forwarded-host") == "Shop.Example:8080")
      #expect(received.field("x-forwarded-proto") == "http")
      #expect(received.field("x-other") == "kept")
      for name in ["x-internal", "x-real-ip"] { #expect(received.field(name) == nil, "\(name)") }
      #expect(!received.contains("192.0.2.1") && !received.contains("evil.example"), "\(received)")
    }
  }

  @Test(arguments: [ExportFormat.nginx, .haproxy, .envoy])
  func `WebSocket passes and other protocols do not`(format: ExportFormat) async throws {
    try await serve(format) { served, backend in
      func offer(_ name: String, _ path: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: shop.example\r\nConnection: upgrade\r\nUpgrade: \(name)\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(NamedBackend.sampleKey)\r\n\r\n"
      }
      let socket = try LoopbackSocket.connected(to: served.port)
      var reader = HeadReader(socket)
      try socket.write(offer("websocket", "/chat"))
      let switched = try #require(try reader.next())
      #expect(switched.hasPrefix("HTTP/1.1 101 "), "\(switched)")
      try socket.write("there and back")
      #expect(try reader.body(14) == "there and back")

      let tunnel = try await ProxyClient.ask([offer("h2c", "/chat")], port: served.port)
      #expect(tunnel.map(\.status) == [200])
      #expect(backend.received.field("upgrade") == nil)
      let other = try await ProxyClient.ask([offer("irc", "/chat")], port: served.port)
      // Envoy refuses, as its note says.
      #expect(other.map(\.status) == [format == .envoy ? 403 : 200])
      #expect(backend.received.field("upgrade") == nil)
    }
  }
}
