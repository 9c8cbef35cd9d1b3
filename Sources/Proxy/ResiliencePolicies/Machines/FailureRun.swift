// SPDX-License-Identifier: Apache-2.0

/// How many failures in a row, with no success between them, say something about who fails.
///
/// Five in a row mean trouble where one request of a thousand fails. Where the database behind
/// everybody is down and every third request fails anyway, they come about by chance within a
/// minute, and say nothing about one side.
package enum FailureRun {
  /// A run that is less likely than this by the share of failures elsewhere is no chance.
  private static let chance = 1e-12
  /// A breaker waits for no longer runs.
  package static let longest = 200

  /// Length from which on a run is not put down to chance; nil where no run would say anything.
  ///
  /// - Parameters:
  ///   - share: of all requests that fail where nobody is worse than others, 0 to 1.
  ///   - least: failures in a row that are asked for in any case.
  ///   - longest: the longest run that is waited for. A share of 0.87 needs 199, one of 0.9 needs
  ///     263, one of 0.99 needs 2,750, and one of 1 none that ends.
  package static func length(
    atShare share: Double, least: Int, longest: Int = longest
  ) -> Int? {
    var length = 0
    var likelihood = 1.0
    while likelihood > chance {
      if length == longest { return nil }
      likelihood *= share
      length += 1
    }
    return max(least, length)
  }
}
