// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ServiceTesting
import Synchronization

/// A small server of names on loopback, over UDP and TCP at the same port. Each test says what it
/// answers.
final class NameServerUnderTest: Sendable {
  struct Record {
    var priority: UInt16 = 0
    var weight: UInt16 = 0
    var port: UInt16
    /// "" is the root.
    var target: String
  }

  enum Behaviour {
    /// All records, over UDP and TCP.
    case answers([Record], seconds: UInt32)
    /// Over UDP only that the rest has to be asked for over TCP.
    case cutsOff([Record], seconds: UInt32)
    /// The code of a refusal.
    case refuses(UInt8)
    /// First somebody else's answer, under another id, then the records.
    case isSpoofed([Record], seconds: UInt32)
    case isSilent
  }

  let behaviour: Recorder<Behaviour>
  /// Questions by datagram, and over TCP.
  let datagrams = Counter()
  let streams = Counter()
  private let channels: [any Channel]

  /// As a client is told of it.
  let address: String

  init(_ behaviour: Behaviour) async throws {
    let behaviour = Recorder(behaviour)
    self.behaviour = behaviour
    let group = MultiThreadedEventLoopGroup.singleton
    let (datagrams, streams) = (datagrams, streams)
    let udp = try await DatagramBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Datagrams(behaviour, datagrams))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = udp.localAddress?.port ?? 0
    let tcp = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Streams(behaviour, streams))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    channels = [udp, tcp]
    address = "127.0.0.1:\(port)"
  }

  deinit { for channel in channels { channel.close(promise: nil) } }

  /// The answers to a question, each a message.
  fileprivate static func answers(
    to question: [UInt8], _ behaviour: Behaviour, isDatagram: Bool
  ) -> [[UInt8]] {
    guard let end = question.dropFirst(12).firstIndex(of: 0) else { return [] }
    // The question without what says how large an answer may be.
    let asked = Array(question[12..<end + 5])
    func message(
      _ records: [Record] = [], seconds: UInt32 = 0, flags: UInt16 = 0x8180, id: UInt8 = 0
    ) -> [UInt8] {
      var bytes = [question[0], question[1] ^ id]
      for number in [flags, 1, UInt16(records.count), 0, 0] { bytes += big(number) }
      bytes += asked
      for record in records {
        var data = big(record.priority) + big(record.weight) + big(record.port)
        for label in record.target.split(separator: ".") {
          data += [UInt8(label.utf8.count)] + Array(label.utf8)
        }
        data.append(0)
        bytes += [0xC0, 12, 0, 33, 0, 1] + big(UInt16(seconds >> 16))
        bytes += big(UInt16(truncatingIfNeeded: seconds)) + big(UInt16(data.count)) + data
      }
      return bytes
    }
    switch behaviour {
    case .answers(let records, let seconds): return [message(records, seconds: seconds)]
    case .cutsOff(let records, let seconds):
      return [isDatagram ? message(flags: 0x8380) : message(records, seconds: seconds)]
    case .refuses(let code): return [message(flags: 0x8180 | UInt16(code))]
    case .isSpoofed(let records, let seconds):
      let other = [Record(port: 666, target: "evil.internal")]
      return [
        message(other, seconds: seconds, id: 1), Array(question.prefix(20)),
        message(records, seconds: seconds),
      ]
    case .isSilent: return []
    }
  }

  private static func big(_ number: UInt16) -> [UInt8] {
    [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
  }
}

private final class Datagrams: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let behaviour: Recorder<NameServerUnderTest.Behaviour>
  private let count: Counter

  init(_ behaviour: Recorder<NameServerUnderTest.Behaviour>, _ count: Counter) {
    (self.behaviour, self.count) = (behaviour, count)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let question = Array(envelope.data.readableBytesView)
    for answer in NameServerUnderTest.answers(to: question, behaviour.value, isDatagram: true) {
      context.writeAndFlush(
        wrapOutboundOut(
          AddressedEnvelope(
            remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))),
        promise: nil)
    }
    count.add()
  }
}

private final class Streams: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let behaviour: Recorder<NameServerUnderTest.Behaviour>
  private let count: Counter
  private var received = ByteBuffer()

  init(_ behaviour: Recorder<NameServerUnderTest.Behaviour>, _ count: Counter) {
    (self.behaviour, self.count) = (behaviour, count)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var piece = unwrapInboundIn(data)
    received.writeBuffer(&piece)
    guard let question = received.readLengthPrefixedSlice(as: UInt16.self) else { return }
    count.add()
    let bytes = Array(question.readableBytesView)
    for answer in NameServerUnderTest.answers(to: bytes, behaviour.value, isDatagram: false) {
      var message = ByteBuffer()
      message.writeInteger(UInt16(answer.count))
      message.writeBytes(answer)
      // In two pieces, as a network may bring it.
      let half = message.readSlice(length: message.readableBytes / 2) ?? ByteBuffer()
      context.writeAndFlush(wrapOutboundOut(half), promise: nil)
      context.writeAndFlush(wrapOutboundOut(message), promise: nil)
    }
  }
}
