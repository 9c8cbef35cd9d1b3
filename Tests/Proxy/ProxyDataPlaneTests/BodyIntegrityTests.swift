// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// 10,000 requests of every shape arrive unchanged, and so do their answers.
///
/// Bodies are windows of one random pattern, so both ends know what to expect without a message
/// between them: the origin checks what it gets, the client what comes back.
@Suite("Body integrity", .everyTransport, .timeLimit(.minutes(3)))
struct BodyIntegrityTests {
  private static let seed: UInt64 = 0x5eed_0001
  private static let requests = 10_000
  private static let clients = 8
  private static let largest = 8 << 20

  private static let pattern: ByteBuffer = {
    var random = SeededRandom(seed: seed)
    var pattern = ByteBuffer()
    pattern.reserveCapacity(2 * largest)
    while pattern.readableBytes < 2 * largest { pattern.writeInteger(random.next()) }
    return pattern
  }()

  /// A window of the pattern.
  private struct Window {
    var offset: Int
    var length: Int

    /// Mostly small, some up to 64 KiB, few up to 8 MiB: as traffic is, and within a minute.
    init(_ index: Int, _ random: inout SeededRandom) {
      offset = Int.random(in: 0..<largest, using: &random)
      switch index % 1000 {
      case 0: length = largest
      case 1...4: length = Int.random(in: 0...(1 << 20), using: &random)
      case 5...100: length = Int.random(in: 0...(64 << 10), using: &random)
      case 101...200: length = 0
      default: length = Int.random(in: 1...2000, using: &random)
      }
    }

    init?(_ text: String?) {
      let parts = (text ?? "").split(separator: "+").compactMap { Int($0) }
      guard parts.count == 2 else { return nil }
      (offset, length) = (parts[0], parts[1])
    }

    var text: String { "\(offset)+\(length)" }
    var bytes: ByteBuffer { pattern.getSlice(at: offset, length: length) ?? ByteBuffer() }
  }

  /// Fields and body, with a length or in chunks of random sizes.
  private static func framed(
    _ window: Window, isChunked: Bool, _ random: inout SeededRandom
  ) -> ByteBuffer {
    var message = ByteBuffer()
    var body = window.bytes
    guard isChunked else {
      message.writeString("Content-Length: \(window.length)\r\n\r\n")
      message.writeBuffer(&body)
      return message
    }
    message.writeString("Transfer-Encoding: chunked\r\n\r\n")
    while body.readableBytes > 0 {
      let most = min(body.readableBytes, Int.random(in: 1...100_000, using: &random))
      let chunk = body.readSlice(length: most) ?? ByteBuffer()
      let isExtended = Bool.random(using: &random)
      message.writeString(String(most, radix: 16) + (isExtended ? ";a=b" : "") + "\r\n")
      message.writeImmutableBuffer(chunk)
      message.writeString("\r\n")
    }
    message.writeString("0\r\n\r\n")
    return message
  }

  private static func split(
    _ bytes: ByteBuffer, _ random: inout SeededRandom
  ) -> [ByteBuffer] {
    var rest = bytes
    var pieces: [ByteBuffer] = []
    while rest.readableBytes > 0 {
      let isTiny = Int.random(in: 0..<4, using: &random) == 0
      let most = Int.random(in: 1...(isTiny ? 40 : 200_000), using: &random)
      if let piece = rest.readSlice(length: min(most, rest.readableBytes)) { pieces.append(piece) }
    }
    return pieces
  }

  /// Answers with the window asked for, and tells whether the request's body was the one promised.
  private static let origin: Origin.Behaviour = { connection, requests in
    var random = SeededRandom(seed: seed)
    while let request = try await connection.message() {
      requests.add()
      guard let sent = Window(request.value("x-sent")), let wanted = Window(request.value("x-want"))
      else { return }
      let verdict = request.body == sent.bytes ? "yes" : "no"
      var answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nx-intact: \(verdict)\r\n")
      let isChunked = Bool.random(using: &random)
      answer.writeImmutableBuffer(framed(wanted, isChunked: isChunked, &random))
      for piece in split(answer, &random) { try await connection.send(piece) }
    }
  }

  /// Sends requests in pipelined groups and checks the answers while the group is still being sent.
  private static func exchange(_ client: Int, _ port: Int) async throws -> Int {
    try await Loopback.connect(port) { connection in
      var random = SeededRandom(seed: seed &+ UInt64(client))
      var intact = 0
      var index = client
      while index < requests {
        var batch = ByteBuffer()
        var wanted: [Window] = []
        for _ in 0..<Int.random(in: 1...5, using: &random) where index < requests {
          let sent = Window(index, &random)
          let want = Window(requests - 1 - index, &random)
          wanted.append(want)
          batch.writeString("POST /item/\(index) HTTP/1.1\r\nHost: test\r\n")
          batch.writeString("X-Sent: \(sent.text)\r\nX-Want: \(want.text)\r\n")
          let isChunked = Bool.random(using: &random)
          batch.writeImmutableBuffer(framed(sent, isChunked: isChunked, &random))
          index += clients
        }
        let pieces = split(batch, &random)
        let sender = connection.sender
        async let sending: Void = send(pieces, sender)
        for window in wanted {
          guard let answer = try await connection.message() else { return intact }
          if answer.value("x-intact") == "yes", answer.body == window.bytes { intact += 1 }
        }
        try await sending
      }
      return intact
    }
  }

  private static func send(_ pieces: [ByteBuffer], _ sender: WireConnection.Sender) async throws {
    for piece in pieces { try await sender.send(piece) }
  }

  @Test("10,000 requests and answers of 0 B to 8 MiB arrive unchanged", arguments: [1, 2])
  func tenThousand(_ workers: Int) async throws {
    print("seed \(Self.seed)")
    try await Origin.run(Self.origin) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.workers = workers
      try await RunningProxy.run(configuration) { proxy in
        let intact = try await withThrowingTaskGroup(of: Int.self) { group in
          for client in 0..<Self.clients {
            group.addTask { try await Self.exchange(client, proxy.port) }
          }
          return try await group.reduce(0, +)
        }
        #expect(intact == Self.requests)
        #expect(origin.requests.value == Self.requests)
        func counted() -> UInt64 {
          proxy.server.counters.snapshot().routes.reduce(0) { $0 + $1.statusClasses[1] }
        }
        // The last bytes of an answer may be with the client before it is counted.
        while counted() < UInt64(Self.requests) { try await letOthersRun() }
        #expect(counted() == UInt64(Self.requests))
      }
    }
  }
}
