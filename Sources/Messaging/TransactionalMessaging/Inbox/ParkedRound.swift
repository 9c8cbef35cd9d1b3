// SPDX-License-Identifier: Apache-2.0

/// One look at the parked events whose turn has come.
package enum ParkedRound {
  /// Tries them, and whatever each lets go on behind it in its aggregate: to look for those anew
  /// would be to go through all that are parked once for every version.
  ///
  /// - Parameters:
  ///   - due: one or more of an aggregate, in order.
  ///   - limit: most events behind one of them.
  ///   - behind: the parked events of an aggregate from a version on, in order, at most so many.
  ///   - attempt: tries one.
  /// - Returns: how many were tried.
  package static func run(
    _ due: [ParkedEvent], limit: Int,
    behind: (AggregateKey, _ version: Int64, _ limit: Int) async throws -> [ParkedEvent],
    attempt: (ParkedEvent) async throws -> InboxOutcome
  ) async throws -> Int {
    var tried = 0
    for first in due {
      tried += 1
      guard case .applied(unblocks: true) = try await attempt(first) else { continue }
      let received = first.received
      for next in try await behind(received.event.aggregate, received.version + 1, limit) {
        tried += 1
        guard case .applied(unblocks: true) = try await attempt(next) else { break }
      }
    }
    return tried
  }
}
