// SPDX-License-Identifier: Apache-2.0

/// 128 bits that stand for a content. Two sources that differ have the same ones by an accident
/// that never happens, not by somebody's intent: a cache holds its own user's files.
struct ContentHash: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(_ bytes: some Collection<UInt8>) {
    let parts =
      bytes.withContiguousStorageIfAvailable { Self.mix(UnsafeRawBufferPointer($0)) }
      ?? Array(bytes).withUnsafeBytes { Self.mix($0) }
    self.init(high: parts.0, low: parts.1)
  }

  private static func mix(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
    var first: UInt64 = 0x9E37_79B9_7F4A_7C15
    var second: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    func take(_ word: UInt64) {
      first = (first ^ word) &* 0xFF51_AFD7_ED55_8CCD
      first ^= first >> 32
      second = (second &+ word) &* 0x8764_5E8F_6D2B_3F2D
      second = (second << 29 | second >> 35) ^ first
    }
    var offset = 0
    while offset + 8 <= bytes.count {
      take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var rest: UInt64 = 0
    for index in offset..<bytes.count { rest = rest << 8 | UInt64(bytes[index]) }
    take(rest)
    take(UInt64(bytes.count))
    take(second)
    return (first, second)
  }
}
