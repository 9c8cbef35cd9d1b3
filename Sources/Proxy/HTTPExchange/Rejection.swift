// SPDX-License-Identifier: Apache-2.0

/// The rule a message broke, and what its sender is told.
///
/// Each rule has one status and one stable name; the name labels the counter and the problem body.
public enum Rejection: UInt8, Sendable, Equatable, CaseIterable {
  /// A line ended in LF alone.
  case bareLineFeed
  /// A CR that no LF followed.
  case bareCarriageReturn
  /// NUL or another control character in a head.
  case controlCharacter
  /// The request line is not `method SP target SP version`.
  case malformedRequestLine
  /// The version is not HTTP/1.0 or HTTP/1.1.
  case unsupportedVersion
  /// The status line is not `version SP 3DIGIT [SP reason]`.
  case malformedStatusLine
  /// A field name is empty or holds a character that is no token character.
  case invalidFieldName
  /// White space between a field name and its colon.
  case spaceBeforeColon
  /// A field line that continues the one before it.
  case obsoleteLineFolding
  /// A field name that some servers read as a framing field, such as `Transfer_Encoding`.
  case lookalikeField
  /// HTTP/1.1 without `Host`.
  case missingHost
  /// More than one `Host`.
  case duplicateHost
  /// A `Host` or authority that is not `host[:port]`.
  case invalidHost
  /// The target is neither origin form nor an absolute `http` or `https` URI.
  case invalidTarget
  /// User information in the target.
  case userInformation
  /// A fragment in the target.
  case fragmentInTarget
  /// A path that two servers could read differently: `..`, `..;`, `//`, `%2F`, `%5C`, `\`, bad
  /// escapes.
  case ambiguousPath
  /// Content-Length that is not only digits, or is too big to be counted.
  case invalidContentLength
  /// Content-Length values that differ.
  case conflictingContentLength
  /// Transfer-Encoding together with Content-Length.
  case conflictingFraming
  /// A transfer coding other than one `chunked` on HTTP/1.1.
  case unsupportedTransferCoding
  /// Connection names a field that must reach the other end.
  case protectedConnectionOption
  /// Connection names more fields than anybody needs.
  case tooManyConnectionOptions
  /// An expectation other than `100-continue`.
  case unsupportedExpectation
  /// CONNECT is no business of this proxy.
  case connectRefused
  /// TRACE would echo credentials.
  case traceRefused
  /// The request passed this proxy too often.
  case loopDetected
  /// The request line is longer than the limit.
  case requestLineTooLong
  /// One field line is longer than the limit.
  case fieldTooLarge
  /// All lines of the head together are longer than the limit.
  case headTooLarge
  /// More fields than the limit.
  case tooManyFields
  /// A chunk size or a line ending of a chunk is malformed.
  case malformedChunk
  /// Chunk extensions are longer than the limit.
  case chunkOverheadTooLarge
  /// A field line behind the last chunk is malformed.
  case malformedTrailer
  /// The trailers are longer or more than the limit.
  case trailersTooLarge
  /// The body is longer than the limit.
  case bodyTooLarge

  // Of HTTP/2; each ends the connection unless it says otherwise.

  /// The authority and `Host` differ; this request alone is refused.
  case conflictingAuthority
  /// Streams opened and taken back all the time.
  case rapidReset
  /// A header block of too many frames.
  case continuationFlood
  /// A header block that is too long, or unpacks to too much.
  case headerFlood
  case settingsFlood
  case pingFlood
  /// DATA frames without data.
  case emptyDataFlood
  case windowUpdateFlood
  /// Frames from which nothing follows.
  case idleFrameFlood
  /// Streams that are refused, again and again.
  case refusalFlood
  /// Bytes that are not HTTP/2.
  case malformedFrames
  /// The client opens no window for its answer; the stream alone is ended.
  case windowStall

  /// The proxy keeps as many bytes as it may: no fault of the request's sender.
  case memory
}

extension Rejection {
  /// The status a client is answered with.
  public var status: Int {
    switch self {
    case .unsupportedVersion: 505
    case .unsupportedExpectation: 417
    case .connectRefused: 501
    case .traceRefused: 405
    case .loopDetected: 508
    case .requestLineTooLong: 414
    case .fieldTooLarge, .headTooLarge, .tooManyFields, .trailersTooLarge: 431
    case .bodyTooLarge: 413
    case .memory: 503
    default: 400
    }
  }

  /// A stable kebab-case name for counters and problem bodies.
  public var name: String {
    var name = ""
    for character in String(describing: self) {
      if character.isUppercase { name.append("-") }
      name.append(contentsOf: character.lowercased())
    }
    return name
  }

  /// One sentence that says what to change.
  public var detail: String {
    switch self {
    case .bareLineFeed: "Lines end in CR LF, not in LF alone."
    case .bareCarriageReturn: "A CR must be followed by LF."
    case .controlCharacter: "The head holds a control character."
    case .malformedRequestLine:
      "The request line is not: method, one space, target, one space, version."
    case .unsupportedVersion: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
    case .malformedStatusLine: "The status line is not: version, one space, three digits."
    case .invalidFieldName: "A field name is empty or holds a character that is not allowed."
    case .spaceBeforeColon: "White space stands before the colon of a field."
    case .obsoleteLineFolding: "A field line starts with white space."
    case .lookalikeField: "A field name with an underscore resembles a framing field."
    case .missingHost: "HTTP/1.1 needs exactly one Host field; there is none."
    case .duplicateHost: "HTTP/1.1 needs exactly one Host field; there are several."
    case .invalidHost: "The host is not of the form host or host:port."
    case .invalidTarget: "The target is neither a path nor an absolute http or https URI."
    case .userInformation: "The target must not hold user information."
    case .fragmentInTarget: "The target must not hold a fragment."
    case .ambiguousPath: "The path holds '..', '//', an encoded slash, a backslash or a bad escape."
    case .invalidContentLength: "Content-Length is not a number that can be counted."
    case .conflictingContentLength: "Content-Length is given twice with different values."
    case .conflictingFraming: "Transfer-Encoding and Content-Length exclude each other."
    case .unsupportedTransferCoding: "The only transfer coding taken is one 'chunked' on HTTP/1.1."
    case .protectedConnectionOption: "Connection names a field that must reach the other end."
    case .tooManyConnectionOptions: "Connection names too many fields."
    case .unsupportedExpectation: "The only expectation known is 100-continue."
    case .connectRefused: "CONNECT is not served here."
    case .traceRefused: "TRACE is not served here."
    case .loopDetected: "The request passed this proxy too often."
    case .requestLineTooLong: "The request line is longer than the limit."
    case .fieldTooLarge: "A field line is longer than the limit."
    case .headTooLarge: "The fields together are longer than the limit."
    case .tooManyFields: "There are more fields than the limit."
    case .malformedChunk: "The chunked body is malformed."
    case .chunkOverheadTooLarge: "Chunk extensions are longer than the limit."
    case .malformedTrailer: "A field behind the last chunk is malformed."
    case .trailersTooLarge: "The fields behind the last chunk are longer than the limit."
    case .bodyTooLarge: "The body is longer than the limit."
    case .conflictingAuthority: "The authority and the Host field differ."
    case .rapidReset: "Streams are opened and reset too often."
    case .continuationFlood: "A header block is cut into too many frames."
    case .headerFlood: "A header block is too long."
    case .settingsFlood: "SETTINGS come too often."
    case .pingFlood: "PING comes too often."
    case .emptyDataFlood: "DATA without data comes too often."
    case .windowUpdateFlood: "WINDOW_UPDATE comes too often."
    case .idleFrameFlood: "Frames that ask for nothing come too often."
    case .refusalFlood: "Streams are opened that have to be refused, too often."
    case .malformedFrames: "The bytes are not HTTP/2."
    case .windowStall: "The client takes nothing of its answer."
    case .memory: "The proxy holds as much as it may of other requests; try again."
    }
  }
}
