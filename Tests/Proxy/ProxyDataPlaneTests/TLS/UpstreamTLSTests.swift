// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS with upstreams", .everyTransport, .timeLimit(.minutes(2)))
struct UpstreamTLSTests {
  private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  private func failures(_ proxy: RunningProxy) -> [String: UInt64] {
    let failures = proxy.server.counters.snapshot().upstreamFailures.filter { $0.count > 0 }
    return Dictionary(
      failures.map { ($0.reason ?? "", $0.count) }, uniquingKeysWith: { $0 + $1 })
  }

  private func ask(_ proxy: RunningProxy) async throws -> WireMessage? {
    try await Loopback.connect(proxy.port) { client in
      try await client.send(Self.get)
      return try await client.message()
    }
  }

  @Test func `requests reach a server that is who it says`() async throws {
    let world = try TLSWorld()
    try await Origin.run(tls: world.origin(world.listener()), Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(ca: world.authority.file))
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<3 {
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "hello")
          }
        }
        #expect(origin.connections.value == 1)
        #expect(proxy.server.handshakes(.upstream, isResumed: false) == 1)
      }
    }
  }

  /// A server of which something is wrong, and what is made of it.
  struct Doubtful: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var names = ["shop.example"]
    var seconds = (from: -3600, to: 3600)
    var trustsStranger = false
    var reason: String
  }

  @Test(arguments: [
    Doubtful(
      testDescription: "another name", names: ["other.example"], reason: "certificate-name"),
    Doubtful(
      testDescription: "another authority", trustsStranger: true, reason: "certificate-untrusted"),
    Doubtful(testDescription: "expired", seconds: (-7200, -3600), reason: "certificate-expired"),
  ])
  func `a server that cannot prove who it is gets no byte of a request`(
    server: Doubtful
  ) async throws {
    let world = try TLSWorld()
    let stranger = try TestAuthority(name: "stranger")
    let settings = try world.listener(server.names, seconds: server.seconds)
    try await Origin.run(tls: world.origin(settings), Origin.saying("hello")) { origin in
      let ca = server.trustsStranger ? stranger.file : world.authority.file
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(ca: ca))
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.status == 502)
        #expect(answer?.text.contains("certificate is not trusted") == true)
        #expect(failures(proxy)["certificate-refused"] != nil)
        #expect(Array(proxy.server.handshakeFailures(.upstream).keys) == [server.reason])
      }
      #expect(origin.connections.value > 0)
      #expect(origin.requests.value == 0)
    }
  }

  @Test func `verification can be switched off`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener(["other.example"])
    try await Origin.run(tls: world.origin(settings), Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(verify: false))
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.text == "hello")
      }
    }
  }

  @Test func `a server is asked as the address that it has`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener(["IP:127.0.0.1"])
    try await Origin.run(tls: world.origin(settings), Origin.saying("hello")) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.upstreams[0].tls = UpstreamTLS(ca: world.authority.file)
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.text == "hello")
      }
    }
  }

  @Test func `the proxy shows its certificate to a server that wants one`() async throws {
    let world = try TLSWorld()
    let clients = try TestAuthority(name: "clients")
    let shown = try clients.issue("proxy", for: [])
    var settings = try world.listener()
    settings.clientCA = clients.file
    try await Origin.run(tls: world.origin(settings), Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).securing(
        UpstreamTLS(ca: world.authority.file, certificate: shown.certificate, key: shown.key))
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.text == "hello")
      }
    }
  }

  @Test func `a server without TLS is a failure of TLS`() async throws {
    let rude: Origin.Behaviour = { connection, _ in
      _ = try await connection.receive()
      try await connection.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
      while try await connection.receive() {}
    }
    try await Origin.run(rude) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(verify: false))
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.status == 502)
        #expect(failures(proxy)["tls-failed"] != nil)
      }
    }
  }

  @Test func `a handshake has the time of a connection`() async throws {
    var timeouts = ProxyTimeouts.testing
    timeouts.connect = .milliseconds(100)
    let silent: Origin.Behaviour = { connection, _ in while try await connection.receive() {} }
    try await Origin.run(silent) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port, timeouts: timeouts)
        .securing(UpstreamTLS(verify: false))
      try await RunningProxy.run(configuration) { proxy in
        let answer = try await ask(proxy)
        #expect(answer?.status == 504)
        #expect(failures(proxy)["connect-timeout"] != nil)
        #expect(proxy.server.handshakeFailures(.upstream)["timeout"] != nil)
      }
    }
  }

  @Test(arguments: [true, false])
  func `a body that ends with the connection counts when the end was told`(
    isTold: Bool
  ) async throws {
    let world = try TLSWorld()
    let untilClose: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\n\r\nsome of it")
    }
    let origin = try world.origin(world.listener())
    try await Origin.run(tls: origin, closesProperly: isTold, untilClose) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(ca: world.authority.file))
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          let text = try await client.receiveUntilQuiet(ending: isTold ? "0\r\n\r\n" : nil)
          #expect(text.contains("some of it"))
          #expect(text.hasSuffix("0\r\n\r\n") == isTold)
        }
        #expect((failures(proxy)["truncated"] ?? 0) == (isTold ? 0 : 1))
      }
    }
  }

  @Test func `a new connection resumes the session of one before`() async throws {
    let world = try TLSWorld()
    let closing = Origin.answering { _ in
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
    }
    try await Origin.run(tls: world.origin(world.listener()), closing) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(ca: world.authority.file))
      try await RunningProxy.run(configuration) { proxy in
        for _ in 0..<3 {
          let answer = try await ask(proxy)
          #expect(answer?.text == "ok")
        }
        #expect(proxy.server.handshakes(.upstream, isResumed: false) == 1)
        #expect(proxy.server.handshakes(.upstream, isResumed: true) == 2)
      }
    }
  }

  @Test func `8 MiB go both ways unchanged`() async throws {
    let world = try TLSWorld()
    let length = 8 << 20
    let body = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 11) })
    let echo: Origin.Behaviour = { connection, _ in
      guard let request = try await connection.message() else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(length)\r\n\r\n")
      try await connection.send(request.body)
      _ = try await connection.receive()
    }
    try await Origin.run(tls: world.origin(world.listener()), echo) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .securing(UpstreamTLS(ca: world.authority.file))
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n")
          try await client.send(body)
          #expect(try await client.message()?.body == body)
        }
      }
    }
  }
}

extension WireConnection {
  /// Everything up to an ending, or to the close.
  fileprivate func receiveUntilQuiet(ending: String?) async throws -> String {
    while true {
      let text = String(buffer: received)
      if let ending, text.hasSuffix(ending) { return text }
      if try await !receive() { return text }
    }
  }
}
