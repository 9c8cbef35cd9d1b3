// SPDX-License-Identifier: Apache-2.0

/// A field the proxy itself has to act on; everything else is `other` and passes.
package enum KnownField: UInt8, Sendable {
  case other
  case host
  case contentLength
  case transferEncoding
  case connection
  case expect
  case via
  /// Belongs to one connection: Keep-Alive, Proxy-Connection, Trailer, HTTP2-Settings.
  case hopByHop
  /// Belongs to one connection, and is said anew where the protocol may be switched.
  case upgrade
  /// Says what this connection takes; only `trailers` is asked of the next one too.
  case te
  /// Says who the client is, and is only believed of trusted peers: Forwarded, X-Forwarded-*,
  /// X-Real-IP.
  case forwarding
  /// Counts the proxies that OPTIONS may still pass.
  case maxForwards
  /// When the answer was made.
  case date
  /// Spoken only by strangler itself: Strangler-*.
  case ownMark
  /// Named by Connection, so it ends here.
  case namedByConnection
  /// Asks for another method than that of the request line: X-HTTP-Method-Override and its like.
  case methodOverride
  /// Would change how the message is read, routed or trusted, which is decided when trailers come.
  case forbiddenTrailer

  /// Whether the field is left out when the head is written again. Framing fields are written anew.
  @inline(__always)
  package var isDropped: Bool {
    switch self {
    case .other, .expect, .via, .maxForwards, .date, .methodOverride: false
    default: true
    }
  }

  @inline(__always)
  static func identify(_ name: UnsafeRawPointer, _ count: Int) -> KnownField {
    let first = name.load(as: UInt8.self) | 0x20
    switch first {
    case 0x63 where count == 10:
      return ByteScanning.equals(name, count, "connection") ? .connection : .other
    case 0x63 where count == 14:
      return ByteScanning.equals(name, count, "content-length") ? .contentLength : .other
    case 0x64 where count == 4: return ByteScanning.equals(name, count, "date") ? .date : .other
    case 0x65 where count == 6: return ByteScanning.equals(name, count, "expect") ? .expect : .other
    case 0x66 where count == 9:
      return ByteScanning.equals(name, count, "forwarded") ? .forwarding : .other
    case 0x68 where count == 4: return ByteScanning.equals(name, count, "host") ? .host : .other
    case 0x68 where count == 14:
      return ByteScanning.equals(name, count, "http2-settings") ? .hopByHop : .other
    case 0x6b where count == 10:
      return ByteScanning.equals(name, count, "keep-alive") ? .hopByHop : .other
    case 0x6d where count == 12:
      return ByteScanning.equals(name, count, "max-forwards") ? .maxForwards : .other
    case 0x70 where count == 16:
      return ByteScanning.equals(name, count, "proxy-connection") ? .hopByHop : .other
    case 0x73 where count > 10:
      return ByteScanning.equals(name, 10, "strangler-") ? .ownMark : .other
    case 0x74: return identifyT(name, count)
    case 0x75 where count == 7:
      return ByteScanning.equals(name, count, "upgrade") ? .upgrade : .other
    case 0x76 where count == 3: return ByteScanning.equals(name, count, "via") ? .via : .other
    case 0x78 where count == 9:
      return ByteScanning.equals(name, count, "x-real-ip") ? .forwarding : .other
    case 0x78 where count > 12:
      if ByteScanning.equals(name, 12, "x-forwarded-") { return .forwarding }
      return MethodOverride.isField(name, count) ? .methodOverride : .other
    default: return .other
    }
  }

  private static func identifyT(_ name: UnsafeRawPointer, _ count: Int) -> KnownField {
    switch count {
    case 2: ByteScanning.equals(name, count, "te") ? .te : .other
    case 7: ByteScanning.equals(name, count, "trailer") ? .hopByHop : .other
    case 17: ByteScanning.equals(name, count, "transfer-encoding") ? .transferEncoding : .other
    default: .other
    }
  }

  /// Fields that Connection must not name: dropping them would change what the request means.
  static func isProtected(_ option: UnsafeRawBufferPointer) -> Bool {
    guard let base = option.baseAddress else { return false }
    switch identify(base, option.count) {
    case .host, .contentLength, .transferEncoding, .connection, .expect, .via, .forwarding,
      .ownMark, .maxForwards, .date, .methodOverride:
      return true
    case .other, .hopByHop, .upgrade, .te, .namedByConnection, .forbiddenTrailer:
      break
    }
    return protected.contains { option.equalsIgnoringCase($0) }
      || protectedPrefixes.contains { prefix in
        option.count > prefix.utf8CodeUnitCount
          && UnsafeRawBufferPointer(rebasing: option[..<prefix.utf8CodeUnitCount])
            .equalsIgnoringCase(prefix)
      }
  }

  /// Credentials, conditions, and what decides about a message or its body end to end.
  private static let protected: [StaticString] = [
    "authorization", "cache-control", "cookie", "etag", "expires", "idempotency-key", "location",
    "origin", "pragma", "proxy-authorization", "range", "referer", "set-cookie",
    "strict-transport-security", "traceparent", "tracestate", "vary", "www-authenticate",
  ]
  private static let protectedPrefixes: [StaticString] = [
    "access-control-", "content-", "if-", "sec-",
  ]

  /// Whether a name with underscores reads as a field that frames or addresses the message.
  static func isLookalike(_ name: UnsafeRawBufferPointer) -> Bool {
    let hyphenated = name.map { $0 == 0x5f ? UInt8(0x2d) : $0 }
    return hyphenated.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      switch identify(base, bytes.count) {
      case .other, .date: return bytes.equalsIgnoringCase("authorization")
      default: return true
      }
    }
  }
}
