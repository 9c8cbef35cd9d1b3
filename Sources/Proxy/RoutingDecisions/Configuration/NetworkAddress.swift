// SPDX-License-Identifier: Apache-2.0

/// A host and a port, written `127.0.0.1:8080`, `[::1]:8080` or `shop.example:8080`.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
  /// Host name or address, without brackets.
  public var host: String
  /// TCP port; 0 in a listener's address picks a free one.
  public var port: Int

  /// Creates an address without checking it.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Parses `host:port`; nil when it is not of that form.
  public init?(parsing text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    var host = text[..<colon]
    let digits = text[text.index(after: colon)...]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed {
      host = host.dropFirst().dropLast()
    }
    guard
      !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits), Self.isHost(host, isBracketed: isBracketed)
    else { return nil }
    self.init(host: String(host), port: Int(port))
  }

  private static func isHost(_ host: Substring, isBracketed: Bool) -> Bool {
    guard !host.isEmpty, host.utf8.count <= 253 else { return false }
    return host.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        return true
      case UInt8(ascii: ":"), UInt8(ascii: "%"): return isBracketed
      default: return false
      }
    } && (!isBracketed || host.utf8.contains(UInt8(ascii: ":")))
  }

  /// Whether only this machine can reach it: `localhost`, 127.0.0.0/8 or `::1`.
  public var isLoopback: Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// `host:port`, with brackets around an IPv6 address.
  public var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
