// SPDX-License-Identifier: Apache-2.0

/// Writes the request that an upstream receives: never the bytes of the client, always our own.
package enum RequestRewriter {
  /// Bytes that every head may grow by: the fields added and their names.
  private static let ownFields = 512
  /// After so many passes a request is taken to run in a circle.
  private static let mostPasses = 8

  /// Memory that `write` needs at most.
  package static func capacity(
    _ head: RequestHead, _ storage: HeadStorage, _ source: RequestSource
  ) -> Int {
    // A field line may grow by one space or a comma; the authority is written up to three times.
    head.length &+ 2 &* storage.count &+ 3 &* Int(head.authority.length)
      &+ 3 &* source.peer.count &+ ownFields
  }

  /// Writes the head; the number of bytes written, or the rule that forbids to pass it on.
  ///
  /// `extra`: field lines of our own, for which the caller adds room to `capacity`.
  ///
  /// `upgrade`: the protocol that the upstream may switch to, a part of `head.upgrade`; empty for
  /// none.
  package static func write(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    _ source: RequestSource, upgrade: ByteRange = ByteRange(start: 0, length: 0),
    extra: [UInt8] = [], into target: UnsafeMutableRawBufferPointer
  ) -> Result<Int, Rejection> {
    var writer = HeadWriter(target)
    writer.write(bytes[head.method])
    writer.write(" ")
    writer.write(bytes[head.target])
    writer.write(" HTTP/1.1\r\nhost: ")
    // HTTP/1.0 may come without a host, HTTP/1.1 may not leave so.
    if head.authority.length > 0 {
      writer.write(bytes[head.authority])
    } else {
      writer.write("unknown.invalid")
    }
    writer.write("\r\n")
    if passes(bytes, storage) >= mostPasses { return .failure(.loopDetected) }
    let forwarding =
      source.isTrusted && head.hasForwarding
      ? ForwardingFields(keeping: bytes, storage) : ForwardingFields()
    writer.writeFields(bytes, storage)
    if let hops = head.hopsLeft {
      writer.write("max-forwards: ")
      writer.write(decimal: hops &- 1)
      writer.write("\r\n")
    }
    switch head.facts.body {
    case .length(let length):
      writer.write("content-length: ")
      writer.write(decimal: length)
      writer.write("\r\n")
    case .chunked:
      writer.write("transfer-encoding: chunked\r\n")
    case .none, .untilClose:
      // Without a length some servers answer 411 to methods that usually carry a body.
      if !head.facts.method.isSafe && head.facts.method != .delete {
        writer.write("content-length: 0\r\n")
      }
    }
    writeConnection(head, bytes, upgrade, &writer)
    if head.facts.isStream {
      writer.write("via: 2.0 strangler\r\n")
    } else if head.facts.minorVersion == 1 {
      writer.write("via: 1.1 strangler\r\n")
    } else {
      writer.write("via: 1.0 strangler\r\n")
    }
    forwarding.write(head, bytes, storage, source, into: &writer)
    if !extra.isEmpty { extra.withUnsafeBytes { writer.write($0) } }
    writer.write("\r\n")
    return .success(writer.count)
  }

  private static func writeConnection(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ upgrade: ByteRange,
    _ writer: inout HeadWriter
  ) {
    if head.facts.acceptsTrailers {
      writer.write("te: trailers\r\n")
      writer.write("connection: te")
      if upgrade.length > 0 { writer.write(", upgrade") }
      writer.write("\r\n")
    } else if upgrade.length > 0 {
      writer.write("connection: upgrade\r\n")
    }
    if upgrade.length > 0 {
      writer.write("upgrade: ")
      writer.write(bytes[upgrade])
      writer.write("\r\n")
    }
  }

  /// How often `Via` names this proxy.
  private static func passes(_ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) -> Int {
    var count = 0
    var index = 0
    while index < storage.count {
      if storage.roles[index] == .via {
        ByteScanning.forEachListElement(bytes[storage.fields[index].value]) { element in
          guard element.count > 10 else { return }
          let pseudonym = UnsafeRawBufferPointer(rebasing: element[(element.count - 10)...])
          if pseudonym.equalsIgnoringCase(" strangler") { count += 1 }
        }
      }
      index &+= 1
    }
    return count
  }
}
