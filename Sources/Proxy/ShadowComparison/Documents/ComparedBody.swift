// SPDX-License-Identifier: Apache-2.0

/// A body as it was kept: all of it, or what is left of one that was too large.
public enum ComparedBody: Sendable, Equatable {
  /// Every byte.
  case whole([UInt8])
  /// Length and hash, taken while the bytes went by; equal ones count as equal bodies.
  case digest(BodyDigest)

  var isEmpty: Bool {
    switch self {
    case .whole(let bytes): bytes.isEmpty
    case .digest(let digest): digest.count == 0
    }
  }

  var digest: BodyDigest {
    switch self {
    case .whole(let bytes): BodyDigest(bytes)
    case .digest(let digest): digest
    }
  }
}

/// Length and FNV-1a hash of a body, 64 bits wide. It tells bodies apart that differ by chance; who
/// wants to can make two with one hash.
public struct BodyDigest: Sendable, Hashable, CustomStringConvertible {
  /// Bytes so far.
  public private(set) var count = 0
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The digest of no bytes.
  public init() {}

  /// The digest of a whole body.
  public init(_ bytes: some Sequence<UInt8>) { update(bytes) }

  /// Takes the next bytes of the body.
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      count += 1
    }
  }

  /// `3 bytes, FNV-1a 8c73...`.
  public var description: String { "\(count) bytes, FNV-1a \(String(hash, radix: 16))" }
}
