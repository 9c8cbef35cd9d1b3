// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions
internal import Synchronization

/// Says of each finished request whether the error gate judges it, so that those judged are
/// independent of one another.
///
/// A user whose requests fail comes back at once and fails again. Gates take requests for
/// independent, so without this a handful of such users could roll a cutover back. From a failure
/// on no request of the user's bucket on that side is judged until the minute is over, neither good
/// nor bad: were the good ones judged all the same, a side that fails a third of the requests of
/// few users would look like one that fails one in a hundred.
///
/// Whoever has not had a success since is left out longer, up to eight minutes: a broken account
/// fails alone, whatever serves it. That nothing succeeds for anybody is `Outage`'s to notice.
///
/// Of a user's requests within a second the first to begin is judged (`AskedBuckets`), and the
/// first that fails: of a page and the call behind it the call may be what is broken. A side that
/// fails more is judged a little more often for it, which makes the gate slower by less than its
/// failures are many, and never quicker: a failure that adds to its side's share of what was judged
/// is less of a surprise there.
///
/// Both sides are forgotten at the same moment, so that neither is favoured. Four bits per bucket
/// and side, 10 kB in all; several threads may ask at once.
package final class ErrorOncePerUser: @unchecked Sendable {  // the pointer stays, slots are atomics
  /// Milliseconds after which a user who failed is judged again.
  package static let period: UInt64 = 60_000
  /// Periods after which one is who has only failed since.
  package static let longPeriod: UInt64 = 8

  /// What is made of a finished request.
  package struct Verdict: Sendable, Equatable {
    /// The error gate judges it.
    package let isJudged: Bool
    /// It failed, and is the first of its user's to do so in this minute.
    package let isFirstFailure: Bool
    /// It says nothing of how its side is in this second: its user was left out before this minute
    /// already, or asked before in this second.
    package let isIgnored: Bool
  }

  private static let words = (UserBuckets.count + 63) / 64
  private static let sets = Side.allCases.count * words

  /// Four times a bit per bucket and side: failed in this period; not judged; succeeded since; not
  /// judged since an earlier period.
  private let slots: UnsafeMutablePointer<Atomic<UInt64>>
  /// Number of the period under way.
  private let current = Atomic<UInt64>(0)

  package init() {
    slots = .allocate(capacity: 4 * Self.sets)
    for slot in 0..<4 * Self.sets { (slots + slot).initialize(to: Atomic(0)) }
  }

  deinit {
    slots.deinitialize(count: 4 * Self.sets)
    slots.deallocate()
  }

  /// A request is over.
  ///
  /// - Parameters:
  ///   - bucket: the user's, 0 to 9,999. Requests that belong to no user are all judged.
  ///   - isFirst: none of the user's began before it in the same second.
  ///   - now: milliseconds of a clock that never goes back.
  package func end(
    bucket: Int, side: Side, hasFailed: Bool, isFirst: Bool, at now: UInt64
  ) -> Verdict {
    advance(to: now / Self.period)
    guard (0..<UserBuckets.count).contains(bucket) else {
      return Verdict(isJudged: true, isFirstFailure: hasFailed, isIgnored: false)
    }
    let failed = Int(side.rawValue) * Self.words + bucket / 64
    let (out, well) = (failed + Self.sets, failed + 2 * Self.sets)
    let bit: UInt64 = 1 << UInt64(bucket % 64)
    let isOut = slots[out].load(ordering: .relaxed) & bit != 0
    if !hasFailed, isOut, slots[well].load(ordering: .relaxed) & bit == 0 { set(bit, in: well) }
    // Of two that fail at the same moment one is the first.
    let isJudged = !isOut && (hasFailed ? set(bit, in: out) : isFirst)
    let isLong = isOut && slots[failed + 3 * Self.sets].load(ordering: .relaxed) & bit != 0
    return Verdict(
      isJudged: isJudged, isFirstFailure: hasFailed && set(bit, in: failed),
      isIgnored: isLong || !isFirst && !isJudged)
  }

  /// False when it was set already.
  @discardableResult
  private func set(_ bit: UInt64, in slot: Int) -> Bool {
    slots[slot].bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0
  }

  private func advance(to period: UInt64) {
    let former = current.load(ordering: .relaxed)
    guard period > former,
      current.compareExchange(expected: former, desired: period, ordering: .relaxed).exchanged
    else { return }
    let forgetsAll = period / Self.longPeriod != former / Self.longPeriod
    for slot in 0..<Self.sets {
      let (out, well) = (slots + Self.sets + slot, slots + 2 * Self.sets + slot)
      let left = out.pointee.load(ordering: .relaxed) & ~well.pointee.load(ordering: .relaxed)
      out.pointee.store(forgetsAll ? 0 : left, ordering: .relaxed)
      slots[slot + 3 * Self.sets].store(forgetsAll ? 0 : left, ordering: .relaxed)
      well.pointee.store(0, ordering: .relaxed)
      slots[slot].store(0, ordering: .relaxed)
    }
  }
}

/// The users of one side whose requests have begun in the second under way.
package struct AskedBuckets: Sendable, Equatable {
  private var words = [UInt64](repeating: 0, count: (UserBuckets.count + 63) / 64)

  package init() {}

  /// A request begins; whether it is the first of its user's. Those that belong to no user are.
  package mutating func isFirst(_ bucket: Int) -> Bool {
    guard (0..<UserBuckets.count).contains(bucket) else { return true }
    let bit: UInt64 = 1 << UInt64(bucket % 64)
    let isFirst = words[bucket / 64] & bit == 0
    words[bucket / 64] |= bit
    return isFirst
  }

  /// The second is over.
  package mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }
}
