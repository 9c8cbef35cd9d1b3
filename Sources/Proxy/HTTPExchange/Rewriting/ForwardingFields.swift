// SPDX-License-Identifier: Apache-2.0

/// Who sent a request, as far as the connection tells.
package struct RequestSource {
  /// Textual address of the peer.
  package var peer: UnsafeRawBufferPointer
  /// What the peer says about those behind it is believed.
  package var isTrusted: Bool
  /// The connection is encrypted.
  package var isSecure: Bool

  package init(peer: UnsafeRawBufferPointer, isTrusted: Bool = false, isSecure: Bool = false) {
    self.peer = peer
    self.isTrusted = isTrusted
    self.isSecure = isSecure
  }
}

/// What Forwarded and X-Forwarded-* tell the upstream.
///
/// A stranger's own are dropped, and ours say all there is to know. To a trusted peer's we add:
/// its address goes behind the others, and what it said of protocol and host stays.
struct ForwardingFields {
  private var hasFor = false
  private var hasForwarded = false
  private var saysProtocol = false
  private var saysHost = false

  /// Nobody before this proxy is believed.
  init() {}

  /// Lets the fields of a trusted peer pass, apart from the lists that are written anew.
  init(keeping bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) {
    for index in 0..<storage.count where storage.roles[index] == .forwarding {
      let name = bytes[storage.fields[index].name]
      if Self.isFor(name) {
        hasFor = true
      } else if Self.isForwarded(name) {
        hasForwarded = true
      } else {
        if name.equalsIgnoringCase("x-forwarded-proto") { saysProtocol = true }
        if name.equalsIgnoringCase("x-forwarded-host") { saysHost = true }
        storage.roles[index] = .other
      }
    }
  }

  private static func isFor(_ name: UnsafeRawBufferPointer) -> Bool {
    name.equalsIgnoringCase("x-forwarded-for")
  }

  private static func isForwarded(_ name: UnsafeRawBufferPointer) -> Bool {
    name.equalsIgnoringCase("forwarded")
  }

  func write(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    _ source: RequestSource, into writer: inout HeadWriter
  ) {
    writer.write("x-forwarded-for: ")
    if hasFor { writeList(bytes, storage, where: Self.isFor, &writer) }
    writer.write(source.peer)
    if !saysProtocol {
      writer.write("\r\nx-forwarded-proto: http")
      if source.isSecure { writer.write("s") }
    }
    if !saysHost, head.authority.length > 0 {
      writer.write("\r\nx-forwarded-host: ")
      writer.write(bytes[head.authority])
    }
    writer.write("\r\nforwarded: ")
    if hasForwarded { writeList(bytes, storage, where: Self.isForwarded, &writer) }
    writeElement(head, bytes, source, &writer)
  }

  /// An IPv6 address and a host with a port hold colons, which RFC 7239 wants quoted.
  private func writeElement(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ source: RequestSource,
    _ writer: inout HeadWriter
  ) {
    // Texts of known length are written without a call.
    writer.write("for=")
    if Self.isAddress6(source.peer) {
      writer.write("\"[")
      writer.write(source.peer)
      writer.write("]\"")
    } else {
      writer.write(source.peer)
    }
    if head.authority.length > 0 {
      writer.write(";host=\"")
      writer.write(bytes[head.authority])
      writer.write("\"")
    }
    writer.write(";proto=http")
    if source.isSecure { writer.write("s") }
    writer.write("\r\n")
  }

  /// Four digits stand before the first colon at most.
  private static func isAddress6(_ address: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < min(address.count, 5), address[index] != 58 { index &+= 1 }
    return index < min(address.count, 5)
  }

  private func writeList(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    where isWanted: (UnsafeRawBufferPointer) -> Bool, _ writer: inout HeadWriter
  ) {
    for index in 0..<storage.count where storage.roles[index] == .forwarding {
      let field = storage.fields[index]
      guard field.value.length > 0, isWanted(bytes[field.name]) else { continue }
      writer.write(bytes[field.value])
      writer.write(", ")
    }
  }
}

/// Finds the client behind trusted proxies.
package enum ForwardedClient {
  /// The address nearest to this proxy that is not trusted itself: what stands left of it was
  /// written by a stranger.
  ///
  /// X-Forwarded-For counts, and Forwarded only where there is none. An element that is no address
  /// ends the search; then the last address believed is the client.
  ///
  /// - Parameters:
  ///   - peer: textual address of the connection's other end, which is trusted.
  ///   - isTrusted: whether an address belongs to a trusted proxy; nil when it is no address.
  package static func address(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage, peer: UnsafeRawBufferPointer,
    isTrusted: (UnsafeRawBufferPointer) -> Bool?
  ) -> UnsafeRawBufferPointer {
    var search = Search(client: peer)
    var found = false
    for isForwarded in [false, true] where !found {
      var index = storage.count
      while index > 0 {
        index -= 1
        guard storage.roles[index] == .forwarding else { continue }
        let name = bytes[storage.fields[index].name]
        let isWanted =
          isForwarded
          ? name.equalsIgnoringCase("forwarded") : name.equalsIgnoringCase("x-forwarded-for")
        guard isWanted else { continue }
        found = true
        search.read(bytes[storage.fields[index].value], isForwarded, isTrusted)
      }
    }
    return search.client
  }

  private struct Search {
    var client: UnsafeRawBufferPointer
    var isOver = false

    /// From right to left.
    mutating func read(
      _ value: UnsafeRawBufferPointer, _ isForwarded: Bool,
      _ isTrusted: (UnsafeRawBufferPointer) -> Bool?
    ) {
      var end = value.count
      while !isOver, end > 0 {
        var start = end
        while start > 0, value[start - 1] != 44 { start -= 1 }
        let element = ByteScanning.trimmed(UnsafeRawBufferPointer(rebasing: value[start..<end]))
        let address = ForwardedClient.address(in: element, isForwarded)
        if let trust = isTrusted(address) {
          client = address
          isOver = !trust
        } else {
          isOver = true
        }
        end = start - 1
      }
    }
  }

  /// Without `for=`, quotes, brackets and port.
  private static func address(
    in element: UnsafeRawBufferPointer, _ isForwarded: Bool
  ) -> UnsafeRawBufferPointer {
    var text = element
    if isForwarded {
      text = UnsafeRawBufferPointer(rebasing: element[..<0])
      var start = 0
      while start < element.count {
        var end = start
        while end < element.count, element[end] != 59 { end += 1 }
        let pair = ByteScanning.trimmed(UnsafeRawBufferPointer(rebasing: element[start..<end]))
        if pair.count > 4, UnsafeRawBufferPointer(rebasing: pair[..<4]).equalsIgnoringCase("for=") {
          text = UnsafeRawBufferPointer(rebasing: pair[4...])
        }
        start = end + 1
      }
    }
    if text.count >= 2, text[0] == 34, text[text.count - 1] == 34 {
      text = UnsafeRawBufferPointer(rebasing: text[1..<(text.count - 1)])
    }
    if text.first == 91, let close = text.firstIndex(of: 93) {
      return UnsafeRawBufferPointer(rebasing: text[1..<close])
    }
    // One colon stands before a port, several make an IPv6 address.
    if let colon = text.firstIndex(of: 58), text.lastIndex(of: 58) == colon {
      return UnsafeRawBufferPointer(rebasing: text[..<colon])
    }
    return text
  }
}
