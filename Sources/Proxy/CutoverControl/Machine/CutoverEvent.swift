// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What happens to a cutover.
package enum CutoverEvent: Sendable, Equatable {
  /// A second passed, with what the routes did in it. A late tick counts as one second: a stage
  /// gets longer by that, never shorter. `strangers` is what proxies saw that serve a route
  /// otherwise (`SharedCounts`).
  case tick([String: RouteCounts], strangers: [String: RouteCounts] = [:])
  /// Shadow comparisons of a route; judged with the next tick.
  case compared(route: String, CompareCounts)
  /// Its routes are served otherwise from now on, by other upstreams of a file: the version of the
  /// service of each (`ProxyConfiguration.serviceText`). Nothing is proved of that service, and
  /// nothing approved: `run` is the number of the journal entry that says so.
  case serviceChanged([String: String], run: UInt64? = nil)
  /// People ruled otherwise what of its routes' answers is noise: the version of what counts now,
  /// by route.
  case ruled([String: String])
  /// Somebody starts it.
  case start
  /// Somebody approves the stage that waits for it.
  case approve(StageApproval)
  /// Somebody wants no promotion; the gates stay awake.
  case pause
  case resume
  /// Nothing is promoted until `unfreeze`, for all cutovers at once; time goes on.
  case freeze
  case unfreeze
  /// Somebody takes everything back to legacy.
  case rollBack(reason: String)
  /// While it is on everything stays with legacy; off moves nothing.
  case killSwitch(isOn: Bool)
}

/// What is to be done after an event; nothing else needs doing.
package enum CutoverAction: Sendable, Equatable {
  /// Nothing, and why it does not go on.
  case hold(HoldReason)
  /// All routes go to this share: one swap of the routing snapshot.
  case setPercent(Percentage, stage: Int)
  /// All conditions of the next stage hold but somebody's approval; said once, then it holds.
  case awaitApproval(stage: Int)
  /// All routes go back to 0 %: one swap of the routing snapshot.
  case rollBack(RollBackReason)
  /// The plan is through; its last share stays, and its gates stay awake.
  case complete
  /// An order that makes no sense now; nothing changed.
  case refuse(OrderRefusal)
}

/// Why a cutover does not go on.
package enum HoldReason: Sendable, Equatable {
  case notStarted
  case paused
  case frozen
  /// A window of the plan.
  case inFreezeWindow
  /// Neither side finished a request for a minute.
  case noTraffic
  /// The extracted side of a route finished none for a minute (no comparison at 0 %).
  case extractedSilent(route: String)
  /// Nobody knows what people ruled to be noise: by what was noise before nothing is proved.
  case rulingsUnknown
  /// Legacy finished none on this route though it should have: only a ceiling is left to measure
  /// by.
  case legacySilent(route: String)
  /// Seconds left of the stage's soak time.
  case soaking(seconds: Int)
  /// Requests judged so far of the route that has fewest, and how many the stage asks for.
  case sampleTooSmall(route: String, Int, of: Int)
  /// The extracted side's breaker refused requests within the last minute.
  case keptAway(OutageFinding)
  /// Another process decided until lately, and what it saw is not all known here. Seconds until the
  /// gates have watched for as long again.
  case catchingUp(seconds: Int)
  /// A gate's bets are worth more than at the start: something may be wrong.
  case evidenceAgainst(GateFinding)
  /// That the extracted side of this route is not worse is not proved yet.
  case notProved(route: String, evidence: Double, of: Double)
  /// It is not proved, and so many comparisons speak against it of which nobody knows whether they
  /// should: noise that nobody approved, writes, or no second answer of legacy.
  case undecided(route: String, comparisons: Int)
  /// Approval of this stage was asked for.
  case awaitingApproval(stage: Int)
  case rolledBack
  case completed
}

/// Why a cutover was taken back.
package enum RollBackReason: Sendable, Equatable {
  /// A gate fired.
  case gate(GateFinding)
  /// Nothing succeeded on the extracted side for too long.
  case outage(OutageFinding)
  case ordered(reason: String)
  case killSwitch

  package var isAutomatic: Bool {
    switch self {
    case .gate, .outage: true
    case .ordered, .killSwitch: false
    }
  }
}

/// Why an order changed nothing.
package enum OrderRefusal: Sendable, Equatable {
  case alreadyStarted
  case notUnderWay
  case nothingAwaitsApproval
  /// The approval is of a stage that is not the next one; indices of both.
  case otherStage(approved: Int, next: Int)
  /// The approval is of a stage that the plan does not have; its index, and how many there are.
  case noSuchStage(approved: Int, of: Int)
  /// The approval is of another plan than the one under way, or of another run; versions of both.
  case otherPlan(approved: String, underWay: String)
  case alreadyPaused
  case notPaused
  case killSwitchIsOn
  case frozen
  case unknownRoute(String)
}
