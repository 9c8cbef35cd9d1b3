// SPDX-License-Identifier: Apache-2.0

/// A name of the domain name system, as a message spells it; small and big letters are the same.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
  /// In small letters.
  package let labels: [[UInt8]]

  /// The root, which a service's target is where the service is decidedly not available.
  package static let root = DNSName(labels: [])

  init(labels: [[UInt8]]) { self.labels = labels }

  /// Reads `_orders._tcp.internal` with or without a dot at its end; nil for what is no name: empty
  /// labels, labels of more than 63 bytes, more than 255 bytes in all.
  package init?(_ text: String) {
    let text = text.hasSuffix(".") ? text.dropLast() : text[...]
    let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { Array($0) }
    guard labels.allSatisfy({ (1...63).contains($0.count) }),
      labels.reduce(1, { $0 + $1.count + 1 }) <= 255
    else { return nil }
    self.init(labels: labels.map { $0.map(Self.small) })
  }

  /// Without a dot at its end; bytes that are no letter, digit, "-" or "_" as "?".
  package var description: String {
    labels.map { label in
      String(decoding: label.map { Self.isPlain($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }.joined(separator: ".")
  }

  /// Every byte of it is one that host names have.
  package var isHostName: Bool { !labels.isEmpty && labels.joined().allSatisfy(Self.isPlain) }

  static func small(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
