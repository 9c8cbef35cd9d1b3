// SPDX-License-Identifier: Apache-2.0

/// A question for the SRV records of a name (RFC 1035, RFC 2782), as bytes.
package struct DNSQuestion: Sendable, Equatable {
  /// Most bytes of an answer over UDP that is asked for (RFC 6891): one that fits every path
  /// unfragmented, as resolvers agreed in 2020.
  package static let datagram = 1_232
  static let service: UInt16 = 33
  static let internet: UInt16 = 1
  private static let options: UInt16 = 41
  private static let recursionDesired: UInt16 = 0x0100

  package let id: UInt16
  package let name: DNSName

  /// - Parameter id: a random number.
  package init(id: UInt16, name: DNSName) {
    self.id = id
    self.name = name
  }

  /// As a datagram.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func add(_ number: UInt16) { bytes += [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
    for number in [id, Self.recursionDesired, 1, 0, 0, 1] { add(number) }
    for label in name.labels { bytes += [UInt8(label.count)] + label }
    bytes.append(0)
    for number in [Self.service, Self.internet] { add(number) }
    // Says how large an answer may be: the root's name, the type, the size, and nothing more.
    bytes.append(0)
    for number in [Self.options, UInt16(Self.datagram), 0, 0, 0] { add(number) }
    return bytes
  }
}
