// SPDX-License-Identifier: Apache-2.0

/// How large the parts of a message may be, in bytes unless said otherwise.
public struct MessageLimits: Sendable, Equatable {
  /// Request or status line; longer is 414.
  public var requestLine: Int
  /// One field line; longer is 431.
  public var field: Int
  /// The whole head; longer is 431.
  public var head: Int
  /// Number of fields; more is 431.
  public var fieldCount: Int
  /// Body bytes without chunk framing; more is 413. 0 means no limit.
  public var body: Int
  /// Bytes a second that a client has to send of its body on average; slower is 408. 0 means any.
  public var bodyRate: Int
  /// Chunk extensions of one message together; more is 400. Its trailers have the same limit
  /// (with that of `field` and `fieldCount`); more is 431.
  public var chunkOverhead: Int
  /// Interim (1xx) responses before the final one.
  public var interimResponses: Int
  /// Requests up to this size, head included, can be sent a second time.
  public var replay: Int
  /// Unconsumed bytes held for a peer before reading from it pauses.
  public var readAhead: Int
  /// Bytes read and dropped after an early answer, so that the answer is not lost to a reset.
  public var linger: Int

  /// Creates limits; the defaults are those of the design.
  public init(
    requestLine: Int = 8 * 1024, field: Int = 16 * 1024, head: Int = 64 * 1024,
    fieldCount: Int = 100, body: Int = 0, bodyRate: Int = 0, chunkOverhead: Int = 16 * 1024,
    interimResponses: Int = 8, replay: Int = 16 * 1024, readAhead: Int = 128 * 1024,
    linger: Int = 1024 * 1024
  ) {
    self.requestLine = requestLine
    self.field = field
    self.head = head
    self.fieldCount = fieldCount
    self.body = body
    self.bodyRate = bodyRate
    self.chunkOverhead = chunkOverhead
    self.interimResponses = interimResponses
    self.replay = replay
    self.readAhead = readAhead
    self.linger = linger
  }
}
