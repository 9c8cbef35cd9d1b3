// SPDX-License-Identifier: Apache-2.0

/// One stream of a connection. A subclass says what becomes of what arrives and where bodies come
/// from; the engine calls it in the order of the wire.
///
/// Nothing called by the engine may feed the engine; what it wants to send it may submit.
open class HTTP2Stream {
  /// 0 before the stream has its number.
  @exclusivity(unchecked) public final internal(set) var id: Int32 = 0
  /// The engine waits to be told of more body.
  @exclusivity(unchecked) final var isDeferred = false
  /// The stream is gone; nothing that is done to it has an effect.
  @exclusivity(unchecked) public final internal(set) var isClosed = false
  /// Its request was given out, so that the peer may have seen it; of a client.
  @exclusivity(unchecked) public final internal(set) var isOffered = false
  /// `isClosed` for other modules, whose accesses to it would be checked for overlaps.
  package final var hasClosed: Bool { isClosed }
  /// Place among the engine's streams.
  @exclusivity(unchecked) final var position = 0
  @exclusivity(unchecked) final var section = HTTP2Section.head
  /// The head that is not interim is there: fields that follow are trailers.
  @exclusivity(unchecked) final var hasHead = false
  /// Decompressed size of the section at hand.
  @exclusivity(unchecked) final var sectionSize = 0
  /// Fields that follow the body, copied, since they leave when the body has left.
  @exclusivity(unchecked) final var trailers: [[UInt8]] = []

  /// A stream that is not open yet.
  public init() {}

  /// A field of the section at hand, in order; pseudo fields come first. Its bytes have been
  /// checked by RFC 9113, 8.2.
  open func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {}

  /// A field section is complete. `isTooLarge`: fields beyond the limit were left out.
  open func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {}

  /// Body bytes, valid during the call. Report them with `consumed` once there is room for more.
  open func receivedBody(_ bytes: UnsafeRawBufferPointer) {}

  /// The peer sends nothing more on this stream.
  open func receivedEnd() {}

  /// Writes the next body bytes.
  open func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    HTTP2BodyPart(count: 0, isLast: true)
  }

  /// Everything that was to be sent on this stream has left, its end included.
  open func sentEnd() {}

  /// The stream ended. `code`: 0 when it ended as it should.
  open func closed(code: UInt32) {}
}

/// Where a field stands.
public enum HTTP2Section: UInt8, Sendable {
  /// The head, a 1xx head before it, or the fields behind the body.
  case head, interim, trailers
}

/// What `fill` wrote.
public struct HTTP2BodyPart {
  /// Bytes written.
  public var count: Int
  /// The body ends here.
  public var isLast: Bool
  /// Creates a part.
  public init(count: Int, isLast: Bool) {
    self.count = count
    self.isLast = isLast
  }
}

/// Error codes of RFC 9113, 7.
package enum HTTP2Code {
  package static let none: UInt32 = 0
  package static let protocolError: UInt32 = 1
  package static let internalError: UInt32 = 2
  package static let refusedStream: UInt32 = 7
  package static let cancel: UInt32 = 8
  package static let enhanceYourCalm: UInt32 = 11
}
