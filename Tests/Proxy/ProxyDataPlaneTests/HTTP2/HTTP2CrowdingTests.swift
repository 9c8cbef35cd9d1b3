// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Logging
import NIOPosix
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

/// What waits for one client, on all its streams together, without a socket.
@Suite("Answers that wait for one HTTP/2 client")
struct HTTP2CrowdingTests {
  /// Takes bytes only when told to.
  private final class Carrier: SessionCarrier {
    let peerIsSecure = false
    /// Bytes that the socket takes.
    var room = 0
    var takesMore: Bool { room > 0 }
    private(set) var sent: [UInt8] = []
    private(set) var streams: [ClientStream] = []

    func makeStream(_ session: ClientSession) -> ClientStream {
      let stream = ClientStream(session)
      streams.append(stream)
      return stream
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
      sent.append(contentsOf: bytes)
      room -= bytes.count
    }
    func flushOutput() {}
    func flushesSoon(_ session: ClientSession) {}
    func awaitDelivery() {}
    func close() {}
  }

  /// A session and the client at its other end.
  private final class World {
    let context: WorkerContext
    let carrier = Carrier()
    let session: ClientSession
    let client: HTTP2Engine

    init(_ change: (inout ProxyLimits) -> Void) throws {
      var limits = ProxyLimits()
      change(&limits)
      context = try WorkerContext.testing(.all(to: 9, limits: limits))
      session = try #require(ClientSession(carrier, context, address: []))
      client = try #require(HTTP2Engine(.client, now: 0))
    }

    func open() throws -> (ClientCall, ClientStream) {
      let call = ClientCall(client, [], sendsWhole: true)
      let fields = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")]
      #expect(withFields(fields) { client.submitRequest(call, $0, hasBody: false) })
      tellSession()
      return (call, try #require(carrier.streams.last))
    }

    func tellSession() {
      while true {
        let bytes = client.nextOutput()
        if bytes.isEmpty { break }
        session.receive(bytes)
      }
      session.run()
    }

    /// Begins the answers of some streams, which were told nothing yet.
    func answer(_ streams: [ClientStream]) {
      for stream in streams {
        withFields([(":status", "200")]) {
          session.engine.submitResponse(stream, $0, hasBody: true)
        }
      }
    }

    func send(upTo room: Int = .max) {
      carrier.room = room
      session.sendNow()
      carrier.room = 0
      session.run()
    }
  }

  private static func append(_ count: Int, to stream: ClientStream) {
    [UInt8](repeating: 1, count: count).withUnsafeBytes { stream.append($0) }
  }

  @Test func `beyond the limit no stream takes more, and all go on once half has left`() throws {
    let world = try World { $0.http2.waitingAnswers = 65_536 }
    let streams = try (0..<4).map { _ in try world.open().1 }
    Self.append(40_000, to: streams[0])
    #expect(!streams.contains { $0.isHeldBack })
    Self.append(40_000, to: streams[1])
    #expect(streams.allSatisfy { $0.isHeldBack })
    let late = try world.open().1
    #expect(late.isHeldBack)
    // 40000 bytes are left, more than half.
    world.answer([streams[0]])
    world.send()
    #expect(streams.allSatisfy { $0.isHeldBack } && late.isHeldBack)
    world.answer([streams[1]])
    world.send()
    #expect(!streams.contains { $0.isHeldBack } && !late.isHeldBack)
  }

  @Test func `without memory a stream takes nothing ahead, and goes on once it is empty`() throws {
    let world = try World { $0.memory = 1 << 20 }
    let stream = try world.open().1
    Self.append(1000, to: stream)
    #expect(!stream.isHeldBack)
    world.context.memory.add(1 << 20)
    Self.append(1000, to: stream)
    #expect(stream.isHeldBack)
    world.answer([stream])
    world.send()
    #expect(!stream.isHeldBack)
  }

  @Test func `what waited for a stream that is gone waits no more`() throws {
    let world = try World { $0.http2.waitingAnswers = 65_536 }
    let (call, crowded) = try world.open()
    let other = try world.open().1
    Self.append(70_000, to: crowded)
    #expect(other.isHeldBack)
    world.client.reset(call, code: HTTP2Code.cancel)
    world.tellSession()
    #expect(crowded.isClosed && !other.isHeldBack)
  }

  @Test func `a stream that others hold back is as slow as they are, and its own reader is not`()
    throws
  {
    let world = try World { $0.http2.waitingAnswers = 65_536 }
    let reading = try world.open().1
    let held = try world.open().1
    Self.append(60_000, to: reading)
    Self.append(30_000, to: reading)
    #expect(held.isHeldBack && reading.unsentCount == 90_000)
    let before = held.unsentCount
    world.answer([reading])
    world.send(upTo: 20_000)
    #expect(held.isHeldBack && held.unsentCount < before)
    #expect(reading.isHeldBack && reading.unsentCount < 90_000)
    world.send()
    #expect(held.unsentCount == 0 && reading.unsentCount == 0)
  }
}
