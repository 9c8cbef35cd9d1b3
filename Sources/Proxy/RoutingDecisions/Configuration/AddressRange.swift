// SPDX-License-Identifier: Apache-2.0

/// An IP address, IPv4 as the part of IPv6 that stands for it (`::ffff:192.0.2.1`).
public struct IPAddress: Sendable, Hashable {
  let high: UInt64
  let low: UInt64

  static let mappedPrefix = 96

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads `192.0.2.1` or `2001:db8::1`, with or without a zone such as `%eth0`; nil for all else.
  public init?(parsing text: UnsafeRawBufferPointer) {
    if text.contains(UInt8(ascii: ":")) {
      self.init(version6: text)
    } else if let address = Self.version4(text[...]) {
      self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address))
    } else {
      return nil
    }
  }

  /// Reads the text of an address.
  public init?(parsing text: String) {
    let bytes = Array(text.utf8)
    guard let address = bytes.withUnsafeBytes({ IPAddress(parsing: $0) }) else { return nil }
    self = address
  }

  private static func version4(_ text: Slice<UnsafeRawBufferPointer>) -> UInt32? {
    var address: UInt32 = 0
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    for part in parts {
      // A leading zero is octal to some.
      guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else {
        return nil
      }
      var number: UInt32 = 0
      for byte in part {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
      }
      guard number < 256 else { return nil }
      address = address << 8 | number
    }
    return address
  }

  private init?(version6 text: UnsafeRawBufferPointer) {
    let address = text.prefix { $0 != UInt8(ascii: "%") }
    var groups: [UInt16] = []
    var gap: Int?
    var cursor = address.startIndex
    if address.starts(with: "::".utf8) {
      gap = 0
      cursor += 2
    }
    while cursor < address.endIndex {
      let end = address[cursor...].firstIndex(of: UInt8(ascii: ":")) ?? address.endIndex
      let group = address[cursor..<end]
      if end == address.endIndex, group.contains(UInt8(ascii: ".")) {
        guard let tail = Self.version4(group) else { return nil }
        groups += [UInt16(tail >> 16), UInt16(truncatingIfNeeded: tail)]
        break
      }
      guard (1...4).contains(group.count), groups.count < 8,
        let number = UInt16(String(decoding: group, as: UTF8.self), radix: 16)
      else { return nil }
      groups.append(number)
      if end == address.endIndex { break }
      cursor = end + 1
      if cursor == address.endIndex { return nil }
      if address[cursor] == UInt8(ascii: ":") {
        if gap != nil { return nil }
        gap = groups.count
        cursor += 1
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
    low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
  }
}

/// Addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`, or one alone.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
  /// As it was written.
  public let description: String
  private let first: IPAddress
  private let maskHigh: UInt64
  private let maskLow: UInt64

  /// Parses an address, or one with a length; nil when it is neither, or has bits behind the
  /// length.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ IPAddress(parsing: String($0)) }) else { return nil }
    let isVersion4 = !text.utf8.contains(UInt8(ascii: ":"))
    let longest = isVersion4 ? 32 : 128
    var length = longest
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]),
        number <= longest
      else { return nil }
      length = number
    }
    if isVersion4 { length += IPAddress.mappedPrefix }
    maskHigh = length >= 64 ? .max : ~(.max >> UInt64(length))
    maskLow = length <= 64 ? 0 : ~(length == 128 ? 0 : .max >> UInt64(length - 64))
    guard address.high & ~maskHigh == 0, address.low & ~maskLow == 0 else { return nil }
    first = address
    description = text
  }

  /// Whether an address lies in it.
  public func contains(_ address: IPAddress) -> Bool {
    address.high & maskHigh == first.high && address.low & maskLow == first.low
  }
}
