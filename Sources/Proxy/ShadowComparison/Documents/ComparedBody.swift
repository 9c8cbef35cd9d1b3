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

/// Length and hash of a body, 64 bits wide. It tells bodies apart that differ by chance; who wants
/// to can make two with one hash.
///
/// It is taken on the way of a client's answer, so it takes eight bytes at a time: each word goes
/// through a round of xxHash64 (Collet), whose rotation lets every bit reach every other.
public struct BodyDigest: Sendable, Hashable, CustomStringConvertible {
  private static let first: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let second: UInt64 = 0xC2B2_AE3D_27D4_EB4F

  /// Bytes so far.
  public private(set) var count = 0
  private var hash = Self.second
  /// The bytes behind the last whole word, the first of them lowest.
  private var tail: UInt64 = 0

  /// The digest of no bytes.
  public init() {}

  /// The digest of a whole body.
  public init(_ bytes: some Sequence<UInt8>) { update(bytes) }

  /// Takes the next bytes of the body.
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let isDone: Void? = bytes.withContiguousStorageIfAvailable {
      take(UnsafeRawBufferPointer($0))
    }
    if isDone == nil { for byte in bytes { take(byte) } }
  }

  private mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var cursor = 0
    while cursor < bytes.count, count & 7 != 0 {
      take(bytes[cursor])
      cursor += 1
    }
    while bytes.count - cursor >= 8 {
      round(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: cursor, as: UInt64.self)))
      count += 8
      cursor += 8
    }
    while cursor < bytes.count {
      take(bytes[cursor])
      cursor += 1
    }
  }

  private mutating func take(_ byte: UInt8) {
    tail |= UInt64(byte) << UInt64(8 * (count & 7))
    count += 1
    guard count & 7 == 0 else { return }
    round(tail)
    tail = 0
  }

  private mutating func round(_ word: UInt64) {
    let sum = hash &+ word &* Self.second
    hash = (sum &<< 31 | sum &>> 33) &* Self.first
  }

  /// `3 bytes, hash 8c73...`.
  public var description: String { "\(count) bytes, hash \(fingerprint)" }

  /// The hash, in lower-case hexadecimal digits.
  var fingerprint: String {
    var last = self
    last.round(tail)
    let mixed = (last.hash ^ last.hash >> 29) &* Self.second
    return String(mixed ^ mixed >> 32, radix: 16)
  }
}
