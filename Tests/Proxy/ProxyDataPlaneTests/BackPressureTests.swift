// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ProxyDataPlane
import RoutingDecisions
import Testing

/// What one side does not take must stay with the other, not in the proxy's memory.
///
/// Each test lets the fast side send far more than all buffers on the way could hold, and checks
/// that it gets stuck while the slow side does nothing, and that everything arrives once it does.
@Suite("Back-pressure", .everyTransport, .timeLimit(.minutes(1)))
struct BackPressureTests {
  private static let piece = ByteBuffer(repeating: 7, count: 1 << 20)
  /// More than the kernel's buffers of both connections can take, which grow up to 37 MiB each.
  private static let pieces = 160
  private static let fewerThanAll = 120
  private static let length = pieces * piece.readableBytes

  /// Counts what was handed over; ends waiting once that number stands still.
  private final class Progress: Sendable {
    let sent = Origin.Counter()

    /// The number of pieces at which the sender is stuck.
    func stuck() async throws -> Int {
      var last = -1
      while true {
        let now = sent.value
        if now == last, now > 0 { return now }
        last = now
        // Waits on the loop's clock, long against the time a piece takes on loopback.
        try await Loopback.pause(milliseconds: 300)
      }
    }
  }

  @Test("A client that reads slowly holds back the origin")
  func slowReader() async throws {
    let progress = Progress()
    let origin: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send(
        "HTTP/1.1 200 OK\r\ncontent-length: \(Self.length)\r\n\r\n")
      for _ in 0..<Self.pieces {
        try await connection.send(Self.piece)
        progress.sent.add()
      }
      _ = try await connection.message()
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          let stuck = try await progress.stuck()
          #expect(stuck < Self.fewerThanAll)
          let taken = proxy.server.counters.snapshot().bytesSent
          #expect(taken < UInt64(Self.fewerThanAll) << 20)
          #expect(try await client.messageSkippingBody(Self.length)?.status == 200)
        }
      }
    }
  }

  @Test("An origin that reads slowly holds back the client")
  func slowOrigin() async throws {
    let progress = Progress()
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let origin: Origin.Behaviour = { connection, _ in
      for await _ in gate { break }
      guard try await connection.messageSkippingBody(Self.length) != nil else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.length)\r\n\r\n")
          let sender = client.sender
          async let sending: Void = {
            for _ in 0..<Self.pieces {
              try await sender.send(Self.piece)
              progress.sent.add()
            }
          }()
          let stuck = try await progress.stuck()
          #expect(stuck < Self.fewerThanAll)
          open.yield()
          try await sending
          #expect(try await client.message()?.status == 200)
        }
      }
    }
  }

  @Test("A head that comes byte by byte is answered like any other")
  func slowSender() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let head = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          for byte in (head + "1;x\r\nZ\r\n0\r\n\r\n").utf8 {
            try await client.send(ByteBuffer(bytes: [byte]))
          }
          #expect(try await client.message()?.text == "ok")
        }
      }
    }
  }
}
