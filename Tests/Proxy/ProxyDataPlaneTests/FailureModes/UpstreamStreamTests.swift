// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

/// A stream of an upstream's connection without the connection.
@Suite("One exchange on a connection of HTTP/2")
struct UpstreamStreamTests {
  private final class Listener: UpstreamStreamListener {
    func changed(_ stream: UpstreamStream) {}
  }

  private static func session() throws -> UpstreamSession {
    let configuration = try ProxyConfiguration.all(to: 1)
    return try #require(UpstreamSession(try .testing(configuration), isSecure: false))
  }

  private static func send(_ text: String, on stream: UpstreamStream) {
    Array(text.utf8).withUnsafeBytes { stream.send($0) }
  }

  @Test("A request that never left was not looked at, and one that left may have been")
  func unseen() throws {
    let session = try Self.session()
    let listener = Listener()
    let left = session.makeStream()
    left.listener = listener
    Self.send("POST /left HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", on: left)
    session.flush { _ in false }
    let waiting = session.makeStream()
    waiting.listener = listener
    Self.send("POST /waiting HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", on: waiting)
    session.end(nil)
    #expect(left.hasEnded && left.failure == nil)
    #expect(waiting.hasEnded && waiting.failure == .refusedStream)
  }

  @Test("Frames of one byte each take little more than their bytes", arguments: [0, 9, 700])
  func smallFrames(taken: Int) throws {
    let session = try Self.session()
    let stream = session.makeStream()
    let listener = Listener()
    stream.listener = listener
    Self.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n", on: stream)
    Self.field(":status", "200", stream)
    stream.received(.head, isLast: false, isTooLarge: false)
    stream.answer.consume(stream.answer.count)

    var reader = BodyReader(.chunked)
    var body: [UInt8] = []
    let sent = (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }
    var most = 0
    for (number, byte) in sent.enumerated() {
      withUnsafeBytes(of: byte) { stream.receivedBody($0) }
      // As an exchange takes it: whatever the reader consumed, at odd moments.
      if taken > 0, number % taken == 0 { Self.take(stream, &reader, &body) }
      most = max(most, stream.answer.count)
    }
    if taken == 0 { #expect(most < sent.count * 3 / 2) }
    stream.receivedEnd()
    Self.take(stream, &reader, &body)
    #expect(body == sent)
    #expect(reader.isFinished)
  }

  private static func field(_ name: String, _ value: String, _ stream: UpstreamStream) {
    Array(name.utf8).withUnsafeBytes { name in
      Array(value.utf8).withUnsafeBytes { stream.received(name, $0, .head) }
    }
  }

  private static func take(
    _ stream: UpstreamStream, _ reader: inout BodyReader, _ body: inout [UInt8]
  ) {
    while !stream.answer.isEmpty, !reader.isFinished {
      let bytes = stream.answer.bytes
      let step = reader.read(bytes, keepFraming: false, limits: MessageLimits())
      body += bytes[step.forward]
      if step.meetsTrailers {
        reader.finishTrailers()
        return
      }
      if step.consumed == 0 { return }
      stream.answer.consume(step.consumed)
    }
  }
}
