// SPDX-License-Identifier: Apache-2.0

/// A run of bytes inside a received head: offset and length, no copy.
public struct ByteRange: Sendable, Equatable {
  /// Offset from the first byte of the head.
  public var start: UInt32
  /// Number of bytes.
  public var length: UInt32
  /// Creates a range.
  @inlinable
  public init(start: Int, length: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.length = UInt32(truncatingIfNeeded: length)
  }
  /// Offset just behind the last byte.
  @inlinable
  public var end: Int { Int(start) &+ Int(length) }
}

/// One header field as received: name and trimmed value as ranges of the head.
public struct HeaderField: Sendable, Equatable {
  /// The field name, case as received.
  public var name: ByteRange
  /// The value without surrounding white space.
  public var value: ByteRange
  /// Creates a field.
  @inlinable
  public init(name: ByteRange, value: ByteRange) {
    self.name = name
    self.value = value
  }
}

/// A parsed request head as routing sees it: borrowed bytes, nothing copied.
///
/// Every buffer is valid only during the call that receives the view. Routing reads it on the hot
/// path for each request, so it makes no `String` and no `Array`.
public struct RequestView {
  /// The head's bytes; all ranges point into them.
  public var bytes: UnsafeRawBufferPointer
  /// The method token.
  public var method: ByteRange
  /// The path of the target, from the first `/` up to `?`, exactly as it will be forwarded.
  public var path: ByteRange
  /// The query without `?`; empty when there is none.
  public var query: ByteRange
  /// Host and port the client asked for (`Host`, or the authority of an absolute target).
  public var authority: ByteRange
  /// All header fields in received order.
  public var fields: UnsafeBufferPointer<HeaderField>
  /// Textual address of the client without port, such as `192.0.2.7` or `2001:db8::1`.
  public var clientAddress: UnsafeRawBufferPointer

  /// Creates a view.
  public init(
    bytes: UnsafeRawBufferPointer, method: ByteRange, path: ByteRange, query: ByteRange,
    authority: ByteRange, fields: UnsafeBufferPointer<HeaderField>,
    clientAddress: UnsafeRawBufferPointer
  ) {
    self.bytes = bytes
    self.method = method
    self.path = path
    self.query = query
    self.authority = authority
    self.fields = fields
    self.clientAddress = clientAddress
  }

  /// The bytes of a range.
  @inlinable
  public subscript(range: ByteRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[Int(range.start)..<range.end])
  }
}
