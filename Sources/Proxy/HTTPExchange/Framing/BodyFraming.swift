// SPDX-License-Identifier: Apache-2.0

/// How the end of a body is found.
package enum BodyFraming: Sendable, Equatable {
  /// There is no body.
  case none
  /// Exactly so many bytes.
  case length(Int)
  /// The chunked coding.
  case chunked
  /// Everything until the sender closes; responses only.
  case untilClose
}

/// What Content-Length and Transfer-Encoding of one head say together.
struct FramingFields {
  private var contentLength: Int?
  private var isChunked = false
  private(set) var rejection: Rejection?

  mutating func addContentLength(_ value: UnsafeRawBufferPointer) {
    // 18 digits always fit an Int; more is no length that anybody means.
    if value.isEmpty || value.count > 18 { return reject(.invalidContentLength) }
    var length = 0
    for byte in value {
      let digit = byte &- 48
      if digit > 9 { return reject(.invalidContentLength) }
      length = length &* 10 &+ Int(digit)
    }
    if let contentLength, contentLength != length { return reject(.conflictingContentLength) }
    contentLength = length
  }

  mutating func addTransferEncoding(_ value: UnsafeRawBufferPointer) {
    // Twice `chunked` is refused like every other coding.
    if isChunked || !value.equalsIgnoringCase("chunked") {
      return reject(.unsupportedTransferCoding)
    }
    isChunked = true
  }

  /// `absent`: what the lack of both fields means.
  func framing(minorVersion: UInt8, absent: BodyFraming) -> Result<BodyFraming, Rejection> {
    if let rejection { return .failure(rejection) }
    if isChunked {
      if contentLength != nil { return .failure(.conflictingFraming) }
      return minorVersion == 1 ? .success(.chunked) : .failure(.unsupportedTransferCoding)
    }
    guard let contentLength else { return .success(absent) }
    return .success(contentLength == 0 ? .none : .length(contentLength))
  }

  private mutating func reject(_ rule: Rejection) {
    if rejection == nil { rejection = rule }
  }
}

extension Rejection: Error {}
