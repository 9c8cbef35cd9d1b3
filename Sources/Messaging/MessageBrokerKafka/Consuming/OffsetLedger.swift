// SPDX-License-Identifier: Apache-2.0

internal import DequeModule

/// What is consumed of one partition: Kafka remembers a position, up to which everything is, and
/// messages are consumed in any order.
package struct OffsetLedger: Sendable {
  private struct Entry: Sendable {
    var offset: Int64
    var isConsumed: Bool
  }

  /// What came, from the first message on that is not consumed.
  private var entries: Deque<Entry> = []
  /// Where the group goes on; nil before anything came.
  private var position: Int64?
  /// How many messages the position has passed that the group was not told of.
  private var passed = 0
  /// Consumed behind a message that was not, when the partition went to somebody else.
  private var earlier: Set<Int64> = []

  package init() {}

  /// How many messages came that the position has not passed.
  package var count: Int { entries.count }

  /// A message came.
  ///
  /// - Returns: false when it was consumed before.
  package mutating func came(_ offset: Int64) -> Bool {
    if let last = entries.last?.offset ?? position.map({ $0 - 1 }), offset <= last { return false }
    let isConsumed = earlier.remove(offset) != nil
    if entries.isEmpty, isConsumed {
      position = offset + 1
      passed += 1
    } else {
      if entries.isEmpty { position = offset }
      entries.append(Entry(offset: offset, isConsumed: isConsumed))
    }
    return !isConsumed
  }

  /// A message that came was consumed.
  package mutating func consumed(_ offset: Int64) {
    guard let index = index(of: offset) else { return }
    entries[index].isConsumed = true
    while let first = entries.first, first.isConsumed {
      entries.removeFirst()
      passed += 1
      position = entries.first?.offset ?? first.offset + 1
    }
  }

  private func index(of offset: Int64) -> Int? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].offset == offset ? low : nil
  }

  /// Where the group goes on, and how many messages that passes; nil when it knows already.
  package mutating func takePosition() -> (offset: Int64, passed: Int)? {
    guard passed > 0, let position else { return nil }
    defer { passed = 0 }
    return (position, passed)
  }

  /// The group was not told after all.
  package mutating func giveBack(passed count: Int) { passed += count }

  /// The partition is read by somebody else, or again from where the group goes on.
  package mutating func ended() {
    earlier.formUnion(entries.lazy.filter(\.isConsumed).map(\.offset))
    entries = []
    position = nil
    passed = 0
  }

  /// A message was consumed that came before the partition went to somebody else.
  package mutating func consumedLate(_ offset: Int64) {
    if position.map({ offset >= $0 }) ?? true, index(of: offset) == nil { earlier.insert(offset) }
  }

  /// Forgets what the group will hardly ever send again.
  package mutating func forgetEarlier(beyond most: Int) {
    if earlier.count > most { earlier = [] }
  }
}
