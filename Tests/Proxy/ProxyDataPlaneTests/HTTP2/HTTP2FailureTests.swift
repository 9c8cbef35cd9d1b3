// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("HTTP/2 that goes wrong", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2FailureTests {
  private static func rejections(_ proxy: RunningProxy, _ rejection: Rejection) -> UInt64 {
    proxy.server.counters.snapshot().rejections.first { $0.reason == rejection.name }?.count ?? 0
  }

  @Test("What could be read in two ways is refused")
  func ambiguousRequests() async throws {
    let cases: [(path: String, authority: String?, fields: [(String, String)], Rejection)] = [
      ("/a/../b", "shop.test", [], .ambiguousPath),
      ("/a", "shop.test", [("host", "other.test")], .conflictingAuthority),
      ("/a", "user@shop.test", [], .invalidHost),
      ("/a", "shop.test", [("transfer_encoding", "chunked")], .lookalikeField),
      ("/a", "shop.test", [("x", String(repeating: "y", count: 20_000))], .fieldTooLarge),
    ]
    try await Origin.run(Origin.saying("reached")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          for (path, authority, fields, rejection) in cases {
            let call = try client.call(path, authority: authority, fields)
            try await client.answer(to: call)
            #expect(call.status == rejection.status, "\(rejection)")
            #expect(call.text.contains(rejection.name), "\(rejection)")
            #expect(Self.rejections(proxy, rejection) == 1)
          }
          // Without a host, and with a blank in its path, a request does not even begin.
          for (path, authority) in [("/a", nil), ("/a b", "shop.test")] {
            let call = try client.call(path, authority: authority)
            try await client.answer(to: call)
            #expect(call.closeCode == HTTP2Code.protocolError)
          }
          let fine = try client.call("/a", [("host", "SHOP.test")])
          try await client.answer(to: fine)
          #expect(fine.text == "reached")
        }
        #expect(origin.requests.value == 1)
      }
    }
  }

  @Test(
    "Fields that only HTTP/1 knows end their stream",
    arguments: [
      ("connection", "close"), ("transfer-encoding", "chunked"), ("upgrade", "websocket"),
      ("te", "gzip"), ("X-Upper", "a"), ("x-a", "b\r\nx-injected: 1"), ("x-a", "b\0"),
    ])
  func forbiddenFields(name: String, value: String) async throws {
    try await Origin.run(Origin.saying("reached")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { connection in
          // Written by hand: a library would not send it.
          let field = RawFrames.literal(name, value)
          let settings = RawFrames.frame(4, stream: 0, [])
          let head = RawFrames.frame(1, flags: 0x5, stream: 1, RawFrames.get + field)
          try await connection.send(ByteBuffer(bytes: RawFrames.preface + settings + head))
          // RST_STREAM of stream 1 with PROTOCOL_ERROR.
          let reset = RawFrames.frame(3, stream: 1, [0, 0, 0, 1])
          while !RawFrames.contains(connection.received, reset) {
            guard try await connection.receive() else {
              throw WireError(description: "closed without a reset")
            }
          }
        }
        #expect(origin.requests.value == 0)
      }
    }
  }

  @Test("An origin that dies ends its stream alone")
  func originDies() async throws {
    let origin: Origin.Behaviour = { connection, _ in
      guard let request = try await connection.message() else { return }
      let isBad = request.startLine.contains("bad")
      try await connection.send(
        isBad
          ? "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"
          : "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let bad = try client.call("/bad")
          let good = try client.call("/good")
          try await client.wait { bad.isDone && good.isDone }
          #expect(bad.closeCode == HTTP2Code.internalError && !bad.hasEnded)
          #expect(good.closeCode == 0 && good.text == "abc")
        }
      }
    }
  }

  @Test("Without an upstream a client is told so, and a gRPC client in its own way")
  func unreachable() async throws {
    try await RunningProxy.run(.all(to: 1)) { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        let call = try client.call("/")
        let grpc = try client.call(
          "/shop.Orders/Get", method: "POST", [("content-type", "application/grpc+proto")], body: []
        )
        try await client.wait { call.isDone && grpc.isDone }
        #expect(call.status == 502 && call.text.contains("connect-failed"))
        #expect(call.head["content-type"] == "application/problem+json")
        #expect(grpc.status == 200 && grpc.head["grpc-status"] == "14")
        #expect(grpc.head["content-type"] == "application/grpc" && grpc.body.isEmpty)
      }
    }
  }

  @Test("A stream taken back ends the exchange with the origin")
  func reset() async throws {
    let (ends, ended) = AsyncStream.makeStream(of: Bool.self)
    let origin: Origin.Behaviour = { connection, _ in
      guard try await connection.message() != nil else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
      ended.yield(try await !connection.receive())
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          try await client.wait { call.body.count == 3 }
          client.engine.reset(call, code: HTTP2Code.cancel)
          try await client.send()
          for await end in ends {
            #expect(end)
            break
          }
          // The connection goes on.
          let next = try client.call("/")
          try await client.wait { next.body.count == 3 }
        }
      }
    }
  }

  @Test("An attacker is told to calm down, and counted")
  func flood() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          try await client.wait { client.engine.mostStreams == 100 }
          let ping = RawFrames.frame(6, stream: 0, [UInt8](repeating: 7, count: 8))
          try await client.connection.send(
            ByteBuffer(bytes: Array([[UInt8]](repeating: ping, count: 300).joined())))
          try await client.wait { client.goAway != nil }
          #expect(client.goAway == HTTP2Code.enhanceYourCalm)
          try await client.wait { false }
          #expect(client.hasEnded)
        }
        #expect(Self.rejections(proxy, .pingFlood) == 1)
      }
    }
  }

  @Test("Who takes nothing of an answer loses the stream in time")
  func stalledWindow() async throws {
    var timeouts = ProxyTimeouts.testing
    timeouts.idle = .milliseconds(300)
    let origin: Origin.Behaviour = { connection, _ in
      guard try await connection.message() != nil else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n")
      let piece = ByteBuffer(repeating: 1, count: 100_000)
      for _ in 0..<30 { try await connection.send(piece) }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          call.mostTaken = 0
          try await client.answer(to: call)
          #expect(call.closeCode == HTTP2Code.internalError)
          #expect(call.body.count < 1_000_000)
        }
        #expect(Self.rejections(proxy, .windowStall) == 1)
      }
    }
  }

  @Test("A drain lets streams finish and then closes")
  func drain() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let origin: Origin.Behaviour = { connection, requests in
      guard try await connection.message() != nil else { return }
      requests.add()
      for await _ in gate { break }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          try await client.send()
          while origin.requests.value == 0 { try await Loopback.pause(milliseconds: 5) }
          await proxy.shutDown()
          try await client.wait { client.goAway != nil }
          #expect(client.goAway == 0 && !call.isDone)
          open.yield()
          try await client.answer(to: call)
          #expect(call.text == "late" && call.closeCode == 0)
          try await client.wait { false }
          #expect(client.hasEnded)
        }
      }
    }
  }
}

/// Frames that no library would send.
enum RawFrames {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  /// GET of http://a/ from the static table, all but the authority.
  static let get: [UInt8] = [0x82, 0x84, 0x86, 0x01, 0x01, 0x61]

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]
  ) -> [UInt8] {
    let count = payload.count
    return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
      + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 255) } + payload
  }

  /// A field whose name and value are shorter than 127 bytes, outside all tables.
  static func literal(_ name: String, _ value: String) -> [UInt8] {
    [0] + [UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)]
      + Array(value.utf8)
  }

  static func contains(_ buffer: ByteBuffer, _ bytes: [UInt8]) -> Bool {
    let all = Array(buffer.readableBytesView)
    guard all.count >= bytes.count else { return false }
    return (0...(all.count - bytes.count)).contains { Array(all[$0..<($0 + bytes.count)]) == bytes }
  }
}
