// SPDX-License-Identifier: Apache-2.0

/// How long a lane did not get to run although it had something to do. Others have the processor
/// first; what a lane that waited for it saw come late says nothing about the service.
struct LaneLateness {
  /// Milliseconds between two looks at the clock of a lane that has the processor when it wants it.
  private static let usual: UInt64 = 50
  /// Share of the time allowed that a lane may have been late before nobody is blamed.
  private static let tolerated: UInt64 = 10

  private var lastLook: UInt64?
  private var total: UInt64 = 0

  /// The lane looks at the clock, as it does again and again while it has something to do.
  mutating func look(at now: UInt64) {
    total = milliseconds(at: now)
    lastLook = now
  }

  /// The lane has nothing to do, and looks at no clock until it has.
  mutating func rest() { lastLook = nil }

  /// Milliseconds since the lane began.
  func milliseconds(at now: UInt64) -> UInt64 {
    guard let lastLook, now > lastLook + Self.usual else { return total }
    return total + now - lastLook - Self.usual
  }

  /// Whether an answer that had `deadline` milliseconds since the lane was `before` late may have
  /// come in time all the same.
  func excuses(since before: UInt64, at now: UInt64, deadline: UInt64) -> Bool {
    (milliseconds(at: now) - before) * Self.tolerated > deadline
  }
}
