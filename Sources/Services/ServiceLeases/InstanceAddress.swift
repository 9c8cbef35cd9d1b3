// SPDX-License-Identifier: Apache-2.0

/// Where an instance listens: an address and a port, in one spelling.
///
/// Names are not taken. Who registers knows its address, and a name would bring back the caches and
/// the delays that registering does without.
package struct InstanceAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 address, or an IPv6 address without brackets (RFC 5952).
  package let host: String
  package let port: Int

  /// Reads `10.0.0.5:8080` or `[2001:db8::5]:8080`; nil for anything else, port 0 and the
  /// addresses that stand for all of a machine included.
  package init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.first != UInt8(ascii: "0"),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits)
    else { return nil }
    let host = text[..<colon]
    if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
      guard let groups = Self.groups(host.dropFirst().dropLast()),
        groups.contains(where: { $0 != 0 })
      else { return nil }
      self.host = Self.text(groups)
    } else {
      guard Self.isIPv4(host), host != "0.0.0.0" else { return nil }
      self.host = String(host)
    }
    self.port = Int(port)
  }

  package var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private static func isIPv4(_ host: Substring) -> Bool {
    let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.count) && part.allSatisfy { (0x30...0x39).contains($0) }
          && (part.count == 1 || part.first != UInt8(ascii: "0")) && UInt8(Substring(part)) != nil
      }
  }

  /// The eight groups of an IPv6 address without a zone.
  private static func groups(_ host: Substring) -> [UInt16]? {
    guard let gap = host.firstRange(of: "::") else {
      let groups = plainGroups(host)
      return groups?.count == 8 ? groups : nil
    }
    let (front, back) = (host[..<gap.lowerBound], host[gap.upperBound...])
    guard let front = front.isEmpty ? [] : plainGroups(front),
      let back = back.isEmpty ? [] : plainGroups(back), front.count + back.count < 8
    else { return nil }
    return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
  }

  private static func plainGroups(_ text: Substring) -> [UInt16]? {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for part in parts {
      guard (1...4).contains(part.count), part.allSatisfy(isHexadecimal),
        let group = UInt16(Substring(part), radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }

  /// Small letters, no leading zeros, and the first of the longest runs of zeros left out.
  private static func text(_ groups: [UInt16]) -> String {
    var longest = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(1, longest.count) { longest = start..<index }
      start = index + 1
    }
    let texts = groups.map { String($0, radix: 16) }
    if longest.isEmpty { return texts.joined(separator: ":") }
    return texts[..<longest.lowerBound].joined(separator: ":") + "::"
      + texts[longest.upperBound...].joined(separator: ":")
  }
}
