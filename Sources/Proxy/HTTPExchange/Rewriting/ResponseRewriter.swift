// SPDX-License-Identifier: Apache-2.0

/// How a response body travels from the upstream to this client.
package enum BodyRelay: Sendable, Equatable {
  /// The bytes go on as they are, chunk framing included.
  case asReceived
  /// The bytes of an unframed body are cut into chunks.
  case intoChunks
  /// The chunks are taken apart, because the client speaks HTTP/1.0.
  case outOfChunks
}

/// What the client is told about its connection and its answer.
package struct ResponseMarks: Sendable, Equatable {
  package var close = false
  /// An HTTP/1.0 client only keeps the connection when told so.
  package var keepAliveToldExplicitly = false
  /// Legacy answered in place of the extracted side.
  package var fellBack = false
  package var relay = BodyRelay.asReceived
  /// The upstream answers in HTTP/2, whatever the bytes at hand look like.
  package var isFromHTTP2 = false
  package init() {}

  /// The `Via` value of an answer: the version it was received in (RFC 9110, 7.6.3).
  package func via(_ head: ResponseHead) -> StaticString {
    if isFromHTTP2 { return "2.0 strangler" }
    return head.minorVersion == 1 ? "1.1 strangler" : "1.0 strangler"
  }
}

/// Writes the response that a client receives.
package enum ResponseRewriter {
  private static let ownFields = 256

  /// Memory that `write` needs at most.
  package static func capacity(_ head: ResponseHead, _ storage: HeadStorage) -> Int {
    head.length &+ 2 &* storage.count &+ ownFields
  }

  /// Writes the head and answers how long it is.
  ///
  /// `dateLine`: goes to an answer that does not say when it was made (RFC 9110, 6.6.1).
  package static func write(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    marks: ResponseMarks, dateLine: [UInt8] = [], into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    var writer = HeadWriter(target)
    writer.write("HTTP/1.1 ")
    writer.write(bytes[head.statusText])
    if head.reason.length == 0 { writer.write(" ") }
    writer.write("\r\n")
    writer.writeFields(bytes, storage)
    if !head.isInterim { writeFraming(head, bytes, storage, marks, &writer) }
    if !head.hasDate, !head.isInterim { dateLine.withUnsafeBytes { writer.write($0) } }
    if !marks.isFromHTTP2, head.minorVersion == 1 {
      // A text of known length is written without a call.
      writer.write("via: 1.1 strangler\r\n")
    } else {
      writer.write("via: ")
      writer.write(marks.via(head))
      writer.write("\r\n")
    }
    if marks.fellBack { writer.write("strangler-fallback: legacy\r\n") }
    if !head.isInterim {
      if marks.close {
        writer.write("connection: close\r\n")
      } else if marks.keepAliveToldExplicitly {
        writer.write("connection: keep-alive\r\n")
      }
    }
    if head.switchesProtocol {
      writer.write("connection: upgrade\r\nupgrade: ")
      writer.write(bytes[head.upgrade])
      writer.write("\r\n")
    }
    writer.write("\r\n")
    return writer.count
  }

  private static func writeFraming(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    _ marks: ResponseMarks, _ writer: inout HeadWriter
  ) {
    switch head.body {
    case .length(let length):
      writer.write("content-length: ")
      writer.write(decimal: length)
      writer.write("\r\n")
    case .chunked:
      if marks.relay != .outOfChunks { writer.write("transfer-encoding: chunked\r\n") }
    case .untilClose:
      if marks.relay == .intoChunks { writer.write("transfer-encoding: chunked\r\n") }
    case .none:
      // HEAD and 304 may tell the length of the body they leave out; the others have none.
      if head.status == 204 { return }
      var index = 0
      while index < storage.count, storage.roles[index] != .contentLength { index &+= 1 }
      if index < storage.count {
        writer.write("content-length: ")
        writer.write(bytes[storage.fields[index].value])
        writer.write("\r\n")
      }
    }
  }
}

/// The size line in front of data that is cut into chunks.
package enum ChunkLine {
  /// The most bytes a size line can have: sixteen digits, CR, LF.
  package static let capacity = 18
  /// Follows the data of each chunk.
  package static let end: StaticString = "\r\n"
  /// Ends the body.
  package static let last: StaticString = "0\r\n\r\n"

  /// How long the line for `length` > 0 data bytes is.
  package static func count(_ length: Int) -> Int { digits(length) + 2 }

  private static func digits(_ length: Int) -> Int {
    max(1, (64 - length.leadingZeroBitCount + 3) / 4)
  }

  /// Writes the line for `length` > 0 data bytes; answers how long the line is.
  package static func write(_ length: Int, into target: UnsafeMutableRawBufferPointer) -> Int {
    let digits = digits(length)
    for index in 0..<digits {
      let nibble = UInt8(truncatingIfNeeded: length >> ((digits - 1 - index) * 4)) & 0xf
      target[index] = nibble < 10 ? nibble + 48 : nibble + 87
    }
    target[digits] = 13
    target[digits + 1] = 10
    return digits + 2
  }
}
