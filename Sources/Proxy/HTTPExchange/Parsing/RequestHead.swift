// SPDX-License-Identifier: Apache-2.0

/// A method as far as proxying cares: may it be sent twice, may it change sides?
package enum MethodKind: UInt8, Sendable {
  case get, head, options, put, delete, post, patch, connect, trace, other

  /// Asks for nothing to change (RFC 9110, 9.2.1), so it may be answered by the other side.
  package var isSafe: Bool { self == .get || self == .head || self == .options }
  /// Sent twice has the effect of once (RFC 9110, 9.2.2).
  package var isIdempotent: Bool { isSafe || self == .put || self == .delete }

  @inline(__always)
  package static func identify(_ token: UnsafeRawBufferPointer) -> MethodKind {
    switch token.count {
    case 3: exact(token, "GET") ? .get : exact(token, "PUT") ? .put : .other
    case 4: exact(token, "POST") ? .post : exact(token, "HEAD") ? .head : .other
    case 5: exact(token, "PATCH") ? .patch : exact(token, "TRACE") ? .trace : .other
    case 6: exact(token, "DELETE") ? .delete : .other
    case 7: exact(token, "OPTIONS") ? .options : exact(token, "CONNECT") ? .connect : .other
    default: .other
    }
  }

  @inline(__always)
  private static func exact(_ token: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    var index = 0
    while index < token.count {
      if token[index] != name.utf8Start[index] { return false }
      index &+= 1
    }
    return true
  }
}

/// A checked request head: ranges of the bytes it was parsed from, and the facts that outlive them.
package struct RequestHead {
  package var method = ByteRange(start: 0, length: 0)
  package var path = ByteRange(start: 0, length: 0)
  package var query = ByteRange(start: 0, length: 0)
  /// Path and query, as they will be forwarded.
  package var target = ByteRange(start: 0, length: 0)
  package var authority = ByteRange(start: 0, length: 0)
  /// The protocols that the client offers to switch to; empty when there is none or it must not.
  package var upgrade = ByteRange(start: 0, length: 0)
  /// How many proxies an OPTIONS may still pass, this one included; nil when nobody counts.
  package var hopsLeft: Int?
  /// Somebody says who the client is.
  package var hasForwarding = false
  package var facts = RequestFacts()
  /// Bytes of the head, the empty line included.
  package var length = 0
  package init() {}

  /// The first protocol offered that is permitted; empty when none is.
  package func upgrade(
    _ bytes: UnsafeRawBufferPointer, where isPermitted: (UnsafeRawBufferPointer) -> Bool
  ) -> ByteRange {
    var chosen = ByteRange(start: 0, length: 0)
    if upgrade.length == 0 { return chosen }
    ByteScanning.forEachListElement(bytes[upgrade]) { offer in
      guard chosen.length == 0, isPermitted(offer), let base = bytes.baseAddress,
        let start = offer.baseAddress
      else { return }
      chosen = ByteRange(start: start - base, length: offer.count)
    }
    return chosen
  }

  /// The view that routing decides on; valid as long as the buffers given.
  package func view(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    clientAddress: UnsafeRawBufferPointer
  ) -> RequestView {
    RequestView(
      bytes: bytes, method: method, path: path, query: query, authority: authority,
      fields: storage.view, clientAddress: clientAddress)
  }
}

/// What is still needed of a request once its bytes are gone.
package struct RequestFacts: Sendable, Equatable {
  package var method = MethodKind.get
  /// 0 or 1: the client's HTTP/1 minor version.
  package var minorVersion: UInt8 = 1
  /// The client lets the connection live on.
  package var keepAlive = true
  /// The client waits for `100 Continue` before it sends the body.
  package var expectsContinue = false
  /// The client takes trailers behind a chunked answer.
  package var acceptsTrailers = false
  /// An OPTIONS for the proxy itself: of `*`, or with no hop left.
  package var isForProxy = false
  package var body = BodyFraming.none
  /// A field or a parameter asks for another method.
  package var overridesMethod = false
  /// It came on an HTTP/2 stream.
  package var isStream = false
  package init() {}

  /// Asks for nothing to change, whatever the server makes of it.
  package var isSafe: Bool { method.isSafe && !overridesMethod }
  /// Sent twice has the effect of once.
  package var isIdempotent: Bool { method.isIdempotent && !overridesMethod }

  /// The client's version of HTTP, as logs and traces write it.
  package var versionName: StaticString {
    if isStream { return "2" }
    return minorVersion == 1 ? "1.1" : "1.0"
  }
}
