// SPDX-License-Identifier: Apache-2.0

/// SipHash-2-4 (Aumasson and Bernstein, 2012), written out because the split must give every user
/// the same bucket on every replica, platform and version; Swift's `Hasher` is seeded per process.
public struct SipHash: Sendable, Equatable {
  /// First half of the 128-bit key, read as little-endian.
  public let key0: UInt64
  /// Second half of the key.
  public let key1: UInt64

  /// Creates the function for one key.
  public init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  /// Hashes bytes; no state is kept and nothing is allocated.
  public func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = SipHashState(key0: key0, key1: key1)
    let whole = bytes.count & ~7
    var offset = 0
    while offset < whole {
      state.absorb(
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset &+= 8
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    var shift: UInt64 = 0
    while offset < bytes.count {
      last |= UInt64(bytes[offset]) << shift
      shift &+= 8
      offset &+= 1
    }
    state.absorb(last)
    return state.finish()
  }
}

private struct SipHashState {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  @inline(__always)
  init(key0: UInt64, key1: UInt64) {
    v0 = 0x736f_6d65_7073_6575 ^ key0
    v1 = 0x646f_7261_6e64_6f6d ^ key1
    v2 = 0x6c79_6765_6e65_7261 ^ key0
    v3 = 0x7465_6462_7974_6573 ^ key1
  }

  @inline(__always)
  mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  @inline(__always)
  mutating func finish() -> UInt64 {
    v2 ^= 0xff
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inline(__always)
  private mutating func round() {
    v0 = v0 &+ v1
    v1 = Self.rotate(v1, 13) ^ v0
    v0 = Self.rotate(v0, 32)
    v2 = v2 &+ v3
    v3 = Self.rotate(v3, 16) ^ v2
    v0 = v0 &+ v3
    v3 = Self.rotate(v3, 21) ^ v0
    v2 = v2 &+ v1
    v1 = Self.rotate(v1, 17) ^ v2
    v2 = Self.rotate(v2, 32)
  }

  @inline(__always)
  private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word &<< bits | word &>> (64 &- bits)
  }
}
