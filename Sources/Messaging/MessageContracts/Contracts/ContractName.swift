// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// Names one contract: what a type of event carries, in one version of its shape.
public struct ContractName: Sendable, Hashable, Comparable {
  /// Kind of aggregate, such as `order`.
  public var aggregateType: String
  /// What happened, such as `order-placed`.
  public var eventType: String
  /// Version of the payload's shape, from 1.
  public var version: Int

  /// Creates a name.
  public init(aggregateType: String, eventType: String, version: Int) {
    self.aggregateType = aggregateType
    self.eventType = eventType
    self.version = version
  }

  /// The contract of an event.
  public init(_ event: OutboxEvent) {
    self.init(
      aggregateType: event.aggregateType, eventType: event.type, version: event.schemaVersion)
  }

  /// Orders by aggregate, event and version.
  public static func < (left: ContractName, right: ContractName) -> Bool {
    (left.aggregateType, left.eventType, left.version)
      < (right.aggregateType, right.eventType, right.version)
  }

  /// Where the contract is in a folder of contracts, such as `order/order-placed/2.json`. What a
  /// file's name should not hold is written as `%` and two digits.
  public var path: String {
    "\(Self.encoded(aggregateType))/\(Self.encoded(eventType))/\(version).json"
  }

  /// Reads a path; nil where it is none of a contract.
  package init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2].hasSuffix(".json"),
      let version = Int(parts[2].dropLast(5)), version >= 1,
      let aggregateType = CloudEventFields.decoded(String(parts[0])),
      let eventType = CloudEventFields.decoded(String(parts[1]))
    else { return nil }
    self.init(aggregateType: aggregateType, eventType: eventType, version: version)
    // One contract has one path.
    guard self.path.utf8.elementsEqual(path.utf8) else { return nil }
  }

  private static func encoded(_ text: String) -> String {
    var encoded = ""
    for (index, byte) in text.utf8.enumerated() {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
        || (byte == UInt8(ascii: ".") && index > 0) || "-_~+@".unicodeScalars.contains(scalar)
      let digits = String(byte, radix: 16, uppercase: true)
      encoded += isPlain ? String(scalar) : "%" + (digits.count == 1 ? "0" : "") + digits
    }
    return encoded
  }
}

extension ContractName: CustomStringConvertible {
  /// `order/order-placed version 2`.
  public var description: String { "\(aggregateType)/\(eventType) version \(version)" }
}
