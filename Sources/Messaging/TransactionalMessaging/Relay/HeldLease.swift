// SPDX-License-Identifier: Apache-2.0

/// What to do for a lease while its holder reads or publishes, which may take longer than it lasts.
package enum LeaseHeartbeat: Sendable, Equatable {
  /// Ask again after this many milliseconds.
  case wait(milliseconds: Int64)
  /// Renew it, then call `renewed`, `renewalFailed` or `superseded`; ask again meanwhile.
  case renew(RelayLease, until: Int64)
  /// Start no publication any more and end those under way: somebody else may own the relay.
  case stop(because: String)
}

/// A lease that is held, and when something has to be done for it.
///
/// It is renewed once a third of it has passed, so one renewal may fail before it ends.
struct HeldLease: Sendable {
  /// Parts of a lease between two looks at it, and before a renewal that failed is tried again.
  private static let beats: Int64 = 9

  let lease: RelayLease
  /// When it ends unless it is renewed, milliseconds since 1970.
  private(set) var until: Int64
  /// True when a newer epoch is known: nothing can be saved under this one.
  private(set) var isSuperseded = false
  private let length: Int64
  private var renewsAt: Int64
  /// The end that a renewal under way asks for.
  private var asked: Int64?

  init(_ lease: RelayLease, until: Int64, length: Int64) {
    self.lease = lease
    self.until = until
    self.length = length
    renewsAt = until - length * 2 / 3
  }

  /// Whether somebody else may own the relay by now.
  func isOver(at now: Int64) -> Bool { isSuperseded || until <= now }

  /// Whether the next save should not wait for events.
  func wantsRenewal(at now: Int64) -> Bool { renewsAt <= now }

  /// How long it needs no renewal, at least a millisecond.
  func rest(at now: Int64) -> Int64 { max(1, renewsAt - now) }

  mutating func heartbeat(now: Int64) -> LeaseHeartbeat {
    if isSuperseded { return .stop(because: "another relay took over") }
    if until <= now { return .stop(because: "the lease ran out before it could be renewed") }
    if asked == nil, renewsAt <= now {
      asked = now + length
      return .renew(lease, until: now + length)
    }
    let due = asked == nil ? renewsAt : until
    return .wait(milliseconds: max(1, min(length / Self.beats, due - now)))
  }

  /// The renewal under way succeeded.
  mutating func renewed() {
    guard let asked else { return }
    extend(to: asked)
  }

  /// What became of the renewal under way is not known.
  mutating func renewalFailed(now: Int64) {
    asked = nil
    renewsAt = now + max(1, length / Self.beats)
  }

  /// Somebody else owns the relay.
  mutating func supersede() {
    asked = nil
    isSuperseded = true
  }

  /// A save has moved the end.
  mutating func extend(to end: Int64) {
    asked = nil
    until = end
    renewsAt = end - length * 2 / 3
  }
}
