// SPDX-License-Identifier: Apache-2.0

/// A side on which nothing succeeds, with the numbers that say so.
package struct OutageFinding: Sendable, Equatable, CustomStringConvertible {
  package let route: String
  package let outage: Outage
  /// Users that have to fail in a row before it is no chance; nil where none would do.
  package let usersAwaited: Int?

  init(_ route: String, _ outage: Outage, usersAwaited: Int?) {
    self.route = route
    self.outage = outage
    self.usersAwaited = usersAwaited
  }

  /// Such as `orders: outage: nothing succeeded for 10 s, users failed 5 times (each counted once a
  /// minute; 8 in a row are no chance), the breaker kept 180 requests away; legacy failed 1 of
  /// 1800`.
  package var description: String {
    let exclusion = outage.exclusion
    if outage.seconds == 0, exclusion.isUnderWay {
      return "\(route): kept away: the breaker refused \(exclusion.keptAway) requests in "
        + "\(exclusion.seconds) s; of those it let pass \(exclusion.failed) users failed and "
        + "\(exclusion.succeeded) requests succeeded; legacy failed \(exclusion.legacyFailed) of "
        + "\(exclusion.legacy)"
    }
    let breaker =
      outage.keptAway > 0 ? ", the breaker kept \(outage.keptAway) requests away" : ""
    let awaited =
      usersAwaited.map { "\($0) in a row are no chance" }
      ?? "legacy fails too often to tell whose doing that is"
    return "\(route): outage: nothing succeeded for \(outage.seconds) s, users failed "
      + "\(outage.users) times (each counted once a minute; \(awaited))\(breaker); legacy failed "
      + "\(outage.legacyFailed) of \(outage.legacy)"
  }
}
