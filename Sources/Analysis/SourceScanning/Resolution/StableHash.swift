// SPDX-License-Identifier: Apache-2.0

/// 64 bits that stand for a value from run to run, unlike those of `Hasher`. The order in which
/// parts are added counts.
struct StableHash {
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  init() {}

  init(_ text: String) { add(text) }

  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0xFF51_AFD7_ED55_8CCD
    value ^= value >> 32
  }

  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  mutating func add(_ flag: Bool) { add(flag ? 1 : 2 as UInt64) }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var word: UInt64 = 0
      for (index, byte) in bytes.enumerated() {
        word = word << 8 | UInt64(byte)
        if index & 7 == 7 { add(word) }
      }
      add(word)
      add(bytes.count)
    }
  }

  mutating func add(_ text: String?) {
    add(text != nil)
    if let text { add(text) }
  }
}
