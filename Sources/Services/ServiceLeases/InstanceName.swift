// SPDX-License-Identifier: Apache-2.0

/// An instance of a service, by the names of both.
public struct InstanceName: Sendable, Hashable, CustomStringConvertible {
  /// The service's name, as callers and routes know it.
  public let service: String
  /// What tells this instance from the others of the service.
  public let instance: String

  /// Creates a name; nil unless both are 1 to 64 letters, digits, "-", "_" and ".", the first of
  /// them no ".".
  public init?(service: String, instance: String) {
    guard Self.isValid(service), Self.isValid(instance) else { return nil }
    self.service = service
    self.instance = instance
  }

  /// `orders/orders-7f9c`.
  public var description: String { "\(service)/\(instance)" }

  /// Longest name, in characters.
  package static let maximumLength = 64
  package static let expected =
    "1 to 64 letters, digits, \"-\", \"_\" and \".\", the first of them no \".\""

  package static func isValid(_ name: String) -> Bool {
    (1...maximumLength).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: ".")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-_.".utf8.contains(byte)
        }
      }
  }
}
