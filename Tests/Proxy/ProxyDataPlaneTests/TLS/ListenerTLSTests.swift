// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS with clients", .everyTransport, .timeLimit(.minutes(2)))
struct ListenerTLSTests {
  private static let get = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"

  /// Runs a proxy with TLS in front of an origin that says "hello".
  private func withProxy(
    _ world: TLSWorld, timeouts: ProxyTimeouts = .testing,
    _ change: (inout ListenerTLS) throws -> Void = { _ in },
    _ body: (RunningProxy, Origin) async throws -> Void
  ) async throws {
    var listener = try world.listener()
    try change(&listener)
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port, timeouts: timeouts)
      try await RunningProxy.run(configuration.listening(listener)) { proxy in
        try await body(proxy, origin)
      }
    }
  }

  @Test(arguments: TLSVersion.allCases)
  func `requests go in, answers come out, one after the other`(version: TLSVersion) async throws {
    let world = try TLSWorld()
    try await withProxy(world) { proxy, origin in
      try await Loopback.connect(proxy.port, tls: world.client(maximum: version)) { client in
        for _ in 0..<3 {
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "hello")
        }
        #expect(try await client.tls.version == version)
      }
      #expect(origin.requests.value == 3)
      #expect(proxy.server.handshakes(.client, isResumed: false) == 1)
      #expect(
        proxy.server.counters.snapshot().handshakes.first {
          $0.kind == HandshakeKind(peer: .client, version: version, isResumed: false)
        }?.count == 1)
    }
  }

  @Test func `the upstream is told that the client came by https`() async throws {
    let world = try TLSWorld()
    let answer = Origin.answering { request in
      let text = [request.value("x-forwarded-proto"), request.value("forwarded")]
        .compactMap(\.self).joined(separator: " ")
      return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    try await Origin.run(answer) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: world.client()) { client in
          try await client.send(Self.get)
          let text = try #require(try await client.message()?.text)
          #expect(text.hasPrefix("https "))
          #expect(text.hasSuffix(";proto=https"))
        }
      }
    }
  }

  @Test func `bytes that arrive one by one are a request like any other`() async throws {
    let world = try TLSWorld()
    try await withProxy(world) { proxy, _ in
      try await Loopback.connect(proxy.port, tls: world.client(), piece: 1) { client in
        try await client.send(Self.get)
        #expect(try await client.message()?.text == "hello")
      }
    }
  }

  @Test(arguments: TLSVersion.allCases)
  func `8 MiB go both ways unchanged`(version: TLSVersion) async throws {
    let world = try TLSWorld()
    var random = SeededRandom(seed: 7)
    var body = ByteBuffer()
    while body.readableBytes < 8 << 20 { body.writeInteger(random.next()) }
    let length = body.readableBytes
    let echo: Origin.Behaviour = { connection, _ in
      guard let request = try await connection.message() else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(length)\r\n\r\n")
      try await connection.send(request.body)
    }
    try await Origin.run(echo) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: world.client(maximum: version)) { client in
          try await client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n")
          try await client.send(body)
          #expect(try await client.message()?.body == body)
        }
      }
    }
  }

  @Test func `a client that comes back resumes its session`() async throws {
    let world = try TLSWorld()
    try await withProxy(world) { proxy, _ in
      let context = try world.client()
      for isResumed in [false, true] {
        try await Loopback.connect(proxy.port, tls: context) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "hello")
          #expect(try await client.tls.isResumed == isResumed)
        }
      }
      #expect(proxy.server.handshakes(.client, isResumed: true) == 1)
    }
  }

  @Test func `the minimum version is kept`() async throws {
    let world = try TLSWorld()
    try await withProxy(world, { $0.minimumVersion = .v1_3 }) { proxy, origin in
      try await Loopback.connect(proxy.port, tls: world.client(maximum: .v1_2)) { client in
        let answer = try await client.receiveAll()
        #expect(answer == "")
      }
      try await proxy.expect(handshakeFailures: ["protocol-version": 1])
      #expect(origin.connections.value == 0)
    }
  }

  @Test func `a client's certificate is demanded where authorities are named`() async throws {
    let world = try TLSWorld()
    let clients = try TestAuthority(name: "clients")
    let shown = try clients.issue("client", for: [])
    try await withProxy(world, { $0.clientCA = clients.file }) { proxy, origin in
      try await Loopback.connect(proxy.port, tls: world.client()) { client in
        try? await client.send(Self.get)
        #expect((try? await client.message()) == nil)
      }
      try await proxy.expect(handshakeFailures: ["certificate-missing": 1])
      #expect(origin.connections.value == 0)
      let known = try world.client(
        UpstreamTLS(
          ca: world.authority.file, certificate: shown.certificate, key: shown.key))
      try await Loopback.connect(proxy.port, tls: known) { client in
        try await client.send(Self.get)
        #expect(try await client.message()?.text == "hello")
      }
    }
  }

  @Test(arguments: [get, "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}"])
  func `what is no TLS is closed and counted`(text: String) async throws {
    try await withProxy(TLSWorld()) { proxy, origin in
      try await Loopback.connect(proxy.port) { client in
        try await client.send(text)
        let answer = try await client.receiveAll()
        #expect(!answer.contains("HTTP"))
      }
      try await proxy.expect(handshakeFailures: ["not-tls": 1])
      #expect(origin.connections.value == 0)
    }
  }

  @Test func `a handshake that stops has the time of a request head`() async throws {
    var timeouts = ProxyTimeouts.testing
    timeouts.requestHead = .milliseconds(200)
    try await withProxy(TLSWorld(), timeouts: timeouts) { proxy, _ in
      try await Loopback.connect(proxy.port) { client in
        // The start of a ClientHello.
        try await client.send(ByteBuffer(bytes: [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]))
        #expect(try await client.receiveAll() == "")
      }
      try await proxy.expect(handshakeFailures: ["timeout": 1])
    }
  }

  @Test func `a client that leaves in the handshake is counted as gone`() async throws {
    try await withProxy(TLSWorld()) { proxy, _ in
      try await Loopback.connect(proxy.port) { client in
        try await client.send(ByteBuffer(bytes: [22, 3, 1]))
        client.finishSending()
        #expect(try await client.receiveAll() == "")
      }
      try await proxy.expect(handshakeFailures: ["peer-gone": 1])
    }
  }

  @Test func `a client that ends before any request is let go`() async throws {
    let world = try TLSWorld()
    try await withProxy(world) { proxy, origin in
      try await Loopback.connect(proxy.port, tls: world.client()) { client in
        while try await client.tls.version == nil { try await Loopback.pause(milliseconds: 5) }
        client.finishSending()
        let answer = try await client.receiveAll()
        #expect(answer == "")
      }
      #expect(proxy.server.handshakes(.client, isResumed: false) == 1)
      #expect(origin.connections.value == 0)
    }
  }

  @Test func `the end of the last answer is told`() async throws {
    let world = try TLSWorld()
    try await withProxy(world) { proxy, _ in
      try await Loopback.connect(proxy.port, tls: world.client()) { client in
        try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(try await client.message()?.text == "hello")
        #expect(try await !client.receive())
        #expect(try await client.tls.sawEnd)
      }
    }
  }

  /// HTTP/1.0 has no other end of a body than that of the connection.
  @Test(arguments: [true, false])
  func `an answer that was cut is told from one that ended`(isCut: Bool) async throws {
    let world = try TLSWorld()
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
    let behaviour: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send(isCut ? chunks : chunks + "0\r\n\r\n")
    }
    try await Origin.run(behaviour) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: world.client()) { client in
          try await client.send("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
          let text = try await client.receiveAll()
          #expect(text.hasSuffix("abc"))
          #expect(try await client.tls.sawEnd == !isCut)
        }
      }
    }
  }
}
