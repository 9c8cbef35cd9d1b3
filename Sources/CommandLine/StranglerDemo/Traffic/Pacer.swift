// SPDX-License-Identifier: Apache-2.0

/// When the next request of a steady stream is due. A stream that fell behind goes on at its rate;
/// it does not catch up in a burst.
struct Pacer: Sendable {
  private let interval: Duration
  private var due: ContinuousClock.Instant

  init(perSecond rate: Int, start: ContinuousClock.Instant) {
    interval = .seconds(1) / rate
    due = start
  }

  /// The time at which the next request is due; never before `now`.
  mutating func next(now: ContinuousClock.Instant) -> ContinuousClock.Instant {
    let slot = max(now, due)
    due = slot + interval
    return slot
  }
}
