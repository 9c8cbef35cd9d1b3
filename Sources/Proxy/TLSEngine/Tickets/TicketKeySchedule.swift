// SPDX-License-Identifier: Apache-2.0

/// Which keys seal and open session tickets at a time: one seals, and the one before it still
/// opens, so that a rotation costs no client its session.
///
/// A key that leaked opens every session whose ticket it sealed; hence none is used for long.
struct TicketKeySchedule<Key> {
  private(set) var current: Key
  /// Opens tickets only.
  private(set) var previous: Key?
  private let period: Int64
  private var changesAt: Int64

  /// `period` and `now` in seconds of any clock that never goes back.
  init(period: Int64, now: Int64, first: Key) {
    self.period = max(1, period)
    current = first
    changesAt = now &+ self.period
  }

  /// Brings in a new key when it is time, and drops the old one when its time is over too.
  mutating func advance(to now: Int64, fresh: () -> Key?) {
    if now < changesAt { return }
    guard let key = fresh() else { return }
    previous = now < changesAt &+ period ? current : nil
    current = key
    changesAt = now &+ period
  }
}
