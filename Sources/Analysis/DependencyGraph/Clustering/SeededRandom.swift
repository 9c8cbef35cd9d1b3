// SPDX-License-Identifier: Apache-2.0

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for a seed on every platform.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number in `0..<1`.
  package mutating func unit() -> Double { Self.unit(next()) }

  /// A number in `0..<bound`; the bias of the remainder is below `bound / 2^53`.
  mutating func index(below bound: Int) -> Int { Int((next() >> 11) % UInt64(bound)) }

  mutating func shuffle(_ values: inout [Int32]) {
    guard values.count > 1 else { return }
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, index(below: last + 1))
    }
  }

  /// Spreads the bits of a key over the whole word.
  static func mix(_ key: UInt64) -> UInt64 {
    var word = key
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  static func unit(_ word: UInt64) -> Double { Double(word >> 11) / Double(1 << 53) }
}

/// A 64-bit FNV-1a hash of a stable identity; unlike `Hasher` it is the same in every process.
package func stableHash(_ text: String) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash
}
