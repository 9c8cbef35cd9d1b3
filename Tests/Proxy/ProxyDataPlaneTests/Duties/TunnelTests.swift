// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// A WebSocket conversation, with the example handshake and frames of RFC 6455.
@Suite("WebSocket", .everyTransport, .timeLimit(.minutes(1)))
struct TunnelTests {
  private static let handshake =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
  private static let switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
  /// "Hello", masked as clients do, and as servers send it.
  private static let maskedHello: [UInt8] = [
    0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
  ]
  private static let hello: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]

  /// Reads text frames of up to 125 bytes and sends them back; ends with the client.
  private static let echo: Origin.Behaviour = { connection, requests in
    guard let request = try await connection.message() else { return }
    requests.add()
    guard request.value("upgrade") == "websocket", request.value("connection") == "upgrade",
      request.value("sec-websocket-key") == "dGhlIHNhbXBsZSBub25jZQ=="
    else { return try await connection.send("HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n") }
    try await connection.send(switching)
    while true {
      while connection.received.readableBytes < 6 {
        if try await !connection.receive() { return }
      }
      let head = connection.received.readBytes(length: 6) ?? []
      let length = Int(head[1] & 0x7f)
      while connection.received.readableBytes < length {
        if try await !connection.receive() { return }
      }
      let masked = connection.received.readBytes(length: length) ?? []
      let text = masked.enumerated().map { $1 ^ head[2 + $0 % 4] }
      try await connection.send(ByteBuffer(bytes: [head[0], head[1] & 0x7f] + text))
    }
  }

  private static func receive(_ count: Int, _ client: WireConnection) async throws -> [UInt8] {
    while client.received.readableBytes < count {
      if try await !client.receive() { throw WireError(description: "closed in a frame") }
    }
    return client.received.readBytes(length: count) ?? []
  }

  private static func open(_ client: WireConnection) async throws {
    try await client.send(handshake)
    let answer = try #require(try await client.message())
    #expect(answer.status == 101)
    #expect(answer.value("upgrade") == "websocket")
    #expect(answer.value("connection") == "upgrade")
    #expect(answer.value("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test("Frames pass both ways, also those sent before the handshake was answered")
  func conversation() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          for _ in 0..<100 {
            try await client.send(ByteBuffer(bytes: Self.maskedHello))
            #expect(try await Self.receive(Self.hello.count, client) == Self.hello)
          }
        }
        try await Loopback.connect(proxy.port) { client in
          var eager = ByteBuffer(string: Self.handshake)
          eager.writeBytes(Self.maskedHello)
          try await client.send(eager)
          #expect(try await client.message()?.status == 101)
          #expect(try await Self.receive(Self.hello.count, client) == Self.hello)
          client.finishSending()
          #expect(try await client.receiveAll() == "")
        }
        let routes = proxy.server.counters.snapshot().routes
        #expect(routes.reduce(0) { $0 + $1.statusClasses[0] } == 2)
        #expect(routes.reduce(0) { $0 + $1.requests } == 2)
      }
      #expect(origin.connections.value == 2)
    }
  }

  @Test("The side that ends first still gets all that the other sends")
  func halfClose() async throws {
    let length = 8 << 20
    let late: Origin.Behaviour = { connection, requests in
      _ = try await connection.message()
      try await connection.send(Self.switching)
      // Nothing is sent before the client's end was seen.
      while try await connection.receive() { connection.received.clear() }
      requests.add()
      try await connection.send(ByteBuffer(repeating: 7, count: length))
    }
    try await Origin.run(late) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          try await client.send("bye")
          client.finishSending()
          var count = client.received.readableBytes
          client.received.clear()
          while try await client.receive() {
            count += client.received.readableBytes
            client.received.clear()
          }
          #expect(count == length)
        }
      }
      #expect(origin.requests.value == 1)
    }
  }

  @Test("An upstream that ends first still gets what the client sends")
  func upstreamEndsFirst() async throws {
    let received = Origin.Counter()
    let ending: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send(Self.switching + "bye")
      connection.finishSending()
      while try await connection.receive() {}
      if String(buffer: connection.received) == "late" { received.add() }
    }
    try await Origin.run(ending) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          #expect(try await client.receiveAll() == "bye")
          try await client.send("late")
          client.finishSending()
          while received.value == 0 { try await letOthersRun() }
        }
        while proxy.server.counters.snapshot().upstreamsOpen > 0 { try await letOthersRun() }
      }
    }
  }

  @Test("A tunnel on which nothing moves is closed on both sides")
  func idle() async throws {
    var timeouts = ProxyTimeouts.testing
    timeouts.tunnel = .milliseconds(200)
    let ended = Origin.Counter()
    let silent: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send(Self.switching)
      while try await connection.receive() {}
      ended.add()
    }
    try await Origin.run(silent) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          #expect(try await client.receiveAll() == "")
          while ended.value == 0 { try await letOthersRun() }
        }
      }
    }
  }

  @Test("A drain lets a tunnel go on, up to its limit")
  func drain() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          await proxy.shutDown()
          while proxy.server.readiness.state != .draining { try await letOthersRun() }
          try await client.send(ByteBuffer(bytes: Self.maskedHello))
          #expect(try await Self.receive(Self.hello.count, client) == Self.hello)
        }
      }
      var timeouts = ProxyTimeouts.testing
      timeouts.drain = .milliseconds(100)
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await Self.open(client)
          await proxy.shutDown()
          #expect(try await client.receiveAll() == "")
        }
      }
    }
  }

  @Test("A route that permits no upgrade passes the request on as plain HTTP")
  func notPermitted() async throws {
    try await Origin.run(Self.echo) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.routes[0].upgrades = []
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.handshake + Self.handshake)
          #expect(try await client.message()?.status == 400)
          #expect(try await client.message()?.status == 400)
        }
      }
    }
  }
}
