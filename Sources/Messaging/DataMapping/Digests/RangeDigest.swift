// SPDX-License-Identifier: Apache-2.0

/// 64 bits of a canonical form, the same in every process and from every store.
///
/// Each word changes the state in a way that can be undone, so two rows that differ in one word
/// alone never have the same digest; any others do with a chance of about 2^-64. It keeps nobody
/// out who makes rows for it.
struct CanonicalDigest: CanonicalSink {
  private(set) var state: UInt64 = 0x243F_6A88_85A3_08D3

  @inline(__always)
  mutating func take(_ word: UInt64) {
    var mixed = (state ^ word) &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    state = mixed ^ (mixed >> 31)
  }

  @inline(__always)
  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index + 8 <= bytes.count {
      take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      index += 8
    }
    guard index < bytes.count else { return }
    var (word, shift): (UInt64, UInt64) = (0, 0)
    while index < bytes.count {
      word |= UInt64(bytes[index]) << shift
      shift += 8
      index += 1
    }
    take(word)
  }
}

/// The digests of some rows as one: how many, their sum and their exclusive or. Their order plays
/// no part.
package struct RangeDigest: Sendable, Hashable {
  package private(set) var count: UInt64 = 0
  package private(set) var sum: UInt64 = 0
  package private(set) var xor: UInt64 = 0

  package init() {}

  /// Rows that a server hashed, which gives no sum.
  package init(rows: UInt64, xor: UInt64) { (count, self.xor) = (rows, xor) }

  @inline(__always)
  package mutating func add(_ row: UInt64) {
    count &+= 1
    sum &+= row
    xor ^= row
  }

  package mutating func add(_ other: RangeDigest) {
    count &+= other.count
    sum &+= other.sum
    xor ^= other.xor
  }
}

/// What a row is known by: digests of its key, of all of it, and of what it says without regard to
/// how that is encoded.
package struct RowDigest: Sendable, Hashable {
  package let key: UInt64
  package let row: UInt64
  /// 0 where nobody asked.
  package let meaning: UInt64

  package init(key: UInt64, row: UInt64, meaning: UInt64 = 0) {
    self.key = key
    self.row = row
    self.meaning = meaning
  }
}

/// A table as digests of ranges. Ranges are of the key's digest and not of the key: two stores
/// agree on those whatever their collations are, and whatever a mapping makes of keys.
package struct TableDigest: Sendable, Hashable {
  /// How many ranges there are.
  package static let ranges = 65_536

  package private(set) var rows = 0
  private var digests = [RangeDigest](repeating: RangeDigest(), count: ranges)

  package init() {}

  /// The range that a key is in.
  @inline(__always)
  package static func range(ofKey key: UInt64) -> Int { Int(key >> 48) }

  @inline(__always)
  package mutating func add(_ row: RowDigest) {
    rows &+= 1
    digests[Self.range(ofKey: row.key)].add(row.row)
  }

  package subscript(range: Int) -> RangeDigest { digests[range] }

  /// All of it as one digest.
  package var whole: RangeDigest {
    digests.reduce(into: RangeDigest()) { $0.add($1) }
  }
}

/// Some of the ranges.
package struct RangeSet: Sendable, Hashable {
  private var bits = [Bool](repeating: false, count: TableDigest.ranges)

  package init(_ ranges: some Sequence<Int> = []) { for range in ranges { bits[range] = true } }

  @inline(__always)
  package func contains(key: UInt64) -> Bool { bits[TableDigest.range(ofKey: key)] }
}
