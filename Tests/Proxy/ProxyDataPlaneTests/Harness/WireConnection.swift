// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A message as it came over the wire: its head as text, its body without framing.
struct WireMessage: Equatable {
  /// Start line and field lines, without line ends.
  var lines: [String]
  var body = ByteBuffer()
  /// Field lines behind the last chunk.
  var trailers: [String] = []

  var startLine: String { lines.first ?? "" }

  var status: Int { Int(startLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }

  /// All values of a field, by lower-case name.
  func values(_ name: String) -> [String] {
    lines.dropFirst().compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].lowercased() == name else { return nil }
      return parts[1].drop { $0 == " " }.description
    }
  }

  func value(_ name: String) -> String? { values(name).first }

  var text: String { String(buffer: body) }
}

struct WireError: Error, CustomStringConvertible {
  let description: String
}

/// One end of a TCP connection that speaks bytes, written without any code of the proxy so that it
/// can contradict it. Serves as client and as origin server.
final class WireConnection {
  private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  let channel: any Channel
  var received = ByteBuffer()

  init(
    _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.channel = channel
    iterator = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  /// The sending half, which may be used while the other half waits for a message.
  struct Sender: Sendable {
    fileprivate let channel: any Channel

    /// Returns once the kernel took the bytes, so that a sender feels who does not read.
    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }
  }

  var sender: Sender { Sender(channel: channel) }

  func send(_ text: String) async throws { try await sender.send(ByteBuffer(string: text)) }

  func send(_ bytes: ByteBuffer) async throws { try await sender.send(bytes) }

  func finishSending() { outbound.finish() }

  /// Sends a reset instead of a proper end.
  func reset() async throws {
    // The option's value is the pair (on, seconds) in the memory of one Int: on, after 0 seconds.
    try await channel.setOption(.socketOption(.so_linger), value: 1).get()
    try await channel.close().get()
  }

  /// Waits for more bytes; false at the end.
  func receive() async throws -> Bool {
    guard var bytes = try await iterator.next(isolation: nil) else { return false }
    received.discardReadBytes()
    received.writeBuffer(&bytes)
    return true
  }

  /// Everything until the other end closes.
  func receiveAll() async throws -> String {
    while try await receive() {}
    let text = String(buffer: received)
    received.clear()
    return text
  }

  /// The next message; nil when the other end closed before its first byte.
  ///
  /// `isAnswerToHead`: a response to HEAD, which has no body whatever its fields say.
  func message(isAnswerToHead: Bool = false) async throws -> WireMessage? {
    guard let head = try await head() else { return nil }
    var message = WireMessage(lines: head)
    let isResponse = message.startLine.hasPrefix("HTTP/")
    let status = message.status
    if isResponse, isAnswerToHead || status < 200 || status == 204 || status == 304 {
      return message
    }
    if message.value("transfer-encoding") != nil {
      try await readChunks(into: &message)
    } else if let length = message.value("content-length") {
      message.body = try await take(Int(length) ?? 0)
    } else if isResponse {
      while try await receive() {}
      message.body = received.readSlice(length: received.readableBytes) ?? ByteBuffer()
    }
    return message
  }

  /// Reads and forgets bytes; the head in front of them is read as lines.
  func messageSkippingBody(_ length: Int) async throws -> WireMessage? {
    guard let head = try await head() else { return nil }
    var rest = length
    while true {
      let taken = min(rest, received.readableBytes)
      received.moveReaderIndex(forwardBy: taken)
      rest -= taken
      if rest == 0 { return WireMessage(lines: head) }
      if try await !receive() { throw WireError(description: "closed \(rest) bytes early") }
    }
  }

  private func head() async throws -> [String]? {
    var lines: [String] = []
    while true {
      guard let line = try await nextLine() else {
        if lines.isEmpty { return nil }
        throw WireError(description: "closed inside a head: \(lines)")
      }
      if line.isEmpty { return lines }
      lines.append(line)
    }
  }

  private func nextLine() async throws -> String? {
    while true {
      if let end = received.readableBytesView.firstIndex(of: 10) {
        let length = end - received.readerIndex
        guard let text = received.readString(length: length), text.utf8.last == 13 else {
          throw WireError(description: "a line without CR")
        }
        received.moveReaderIndex(forwardBy: 1)
        return String(text.dropLast(text.hasSuffix("\r\n") ? 2 : 1))
      }
      if try await !receive() {
        if received.readableBytes > 0 { throw WireError(description: "closed inside a line") }
        return nil
      }
    }
  }

  private func take(_ length: Int) async throws -> ByteBuffer {
    while received.readableBytes < length {
      if try await !receive() {
        throw WireError(description: "closed with \(received.readableBytes) of \(length) bytes")
      }
    }
    return received.readSlice(length: length) ?? ByteBuffer()
  }

  private func readChunks(into message: inout WireMessage) async throws {
    while true {
      guard let line = try await nextLine(), let size = Int(line, radix: 16) else {
        throw WireError(description: "no chunk size")
      }
      if size == 0 { break }
      var chunk = try await take(size)
      message.body.writeBuffer(&chunk)
      if try await nextLine() != "" { throw WireError(description: "no line end behind a chunk") }
    }
    while true {
      guard let line = try await nextLine() else { throw WireError(description: "no last line") }
      if line.isEmpty { return }
      message.trailers.append(line)
    }
  }
}
