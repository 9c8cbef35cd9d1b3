// SPDX-License-Identifier: Apache-2.0

/// What an instance does about its lease: registers, renews at a third of the term so that two
/// renewals may fail, tries again soon where one did, and leaves.
///
/// Times are milliseconds of one clock that never goes back.
package struct LeaseKeeping: Sendable {
  /// Pauses after failures: each twice the one before.
  package static let shortestPause: UInt64 = 250
  package static let longestPause: UInt64 = 5_000

  package enum Answer: Sendable, Equatable {
    case taken
    /// It cannot be said whether; the same may be said again.
    case failed
    /// The registry does not want it, and would not want it later either.
    case refused
  }

  private let term: UInt64
  private var failures = 0
  /// When the lease ends, as far as this side knows; nil while there is none.
  private var end: UInt64?

  /// - Parameter term: seconds.
  package init(term: Int) { self.term = UInt64(term) * 1_000 }

  /// The registry gives requests to this instance, as far as it can be known.
  package func isRegistered(at now: UInt64) -> Bool { end.map { $0 > now } ?? false }

  /// The registry answered, or nobody did.
  ///
  /// - Parameters:
  ///   - sent: when it was asked; the lease counts from then at the earliest.
  ///   - draw: a random number.
  /// - Returns: when to say it again.
  package mutating func answered(
    _ answer: Answer, sent: UInt64, at now: UInt64, draw: UInt64
  ) -> UInt64 {
    switch answer {
    case .taken:
      failures = 0
      end = sent + term
      // Between 9/10 and 11/10 of a third: instances that start together do not renew together.
      let third = term / 3
      return sent + third - third / 10 + draw % (third / 5 + 1)
    case .failed, .refused:
      if answer == .refused { end = nil }
      let longest = min(Self.longestPause, term / 3)
      let pause = min(longest, Self.shortestPause << UInt64(min(failures, 10)))
      failures += 1
      return now + pause / 2 + draw % (pause / 2 + 1)
    }
  }
}
