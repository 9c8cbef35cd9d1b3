// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Whether a consumer may park another event, without counting all of them for each one.
///
/// Thousands are parked while an event is missing that a consumer took with it when it was killed;
/// whoever counted them for each would be slowest when there is most to do. So they are counted
/// once a second, and while there is no room ten times a second; what this process parks in between
/// is added. Other processes of the same consumer may exceed the limit by what they park meanwhile.
package final class ParkedRoom: Sendable {
  package enum Answer: Sendable, Equatable {
    case granted, refused
    /// The number is too old, or there is none: count them, `learn` it, and ask again.
    case unknown
  }

  private struct Count {
    var parked: Int
    /// Milliseconds.
    var at: Int64
  }

  /// Milliseconds for which a number holds.
  private static let validity: (roomy: Int64, full: Int64) = (1_000, 100)

  private let limit: Int
  private let count = Mutex<Count?>(nil)

  package init(limit: Int) { self.limit = limit }

  /// Takes a place for one more, where there is one.
  package func take(now: Int64) -> Answer {
    count.withLock { count in
      guard let known = count else { return .unknown }
      let isFull = known.parked >= limit
      // A clock that was set back makes it too old as well.
      let validity = isFull ? Self.validity.full : Self.validity.roomy
      guard abs(now - known.at) < validity else { return .unknown }
      if isFull { return .refused }
      count?.parked += 1
      return .granted
    }
  }

  /// What was counted.
  package func learn(_ parked: Int, now: Int64) {
    count.withLock { $0 = Count(parked: parked, at: now) }
  }
}
