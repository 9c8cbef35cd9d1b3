// SPDX-License-Identifier: Apache-2.0

/// All that a cutover knows, as the journal keeps it.
package struct CutoverState: Sendable, Equatable, Codable {
  package enum Phase: String, Sendable, Codable {
    case ready, underWay, rolledBack, completed
  }

  package internal(set) var phase = Phase.ready
  /// Number of the journal entry that started it, or put another service in its routes' place; nil
  /// in journals of the version before.
  package internal(set) var run: UInt64?
  /// How its routes are served, by route; nil in journals of the version before.
  package internal(set) var services: [String: String]?
  /// Version of what people had ruled to be noise when its comparisons were judged, by route; nil
  /// where nobody knew.
  package internal(set) var rulings: [String: String]?
  /// Index of the stage; the first before the start.
  package internal(set) var stage = 0
  /// Seconds that count towards the soak time.
  package internal(set) var soaked = 0
  package internal(set) var isPaused = false
  package internal(set) var isFrozen = false
  package internal(set) var isKilled = false
  /// Approval was asked for.
  package internal(set) var isAwaitingApproval = false
  /// And given.
  package internal(set) var isApproved = false
  /// Seconds that nobody who decides now has seen, and that are to be watched again before anything
  /// is promoted; nil for none.
  package internal(set) var unseen: Int?
  /// The gates stay awake once it is completed. Nil for cutovers that a version before completed:
  /// their users were told that nothing takes them back by itself, and legacy may be gone.
  package internal(set) var watchesOn: Bool?
  /// Of the route of which least is proved, and of the one of which least was judged.
  package internal(set) var promotionWorth: [Double] = []
  package internal(set) var judged = 0
  package internal(set) var extractedSilence = Silence()
  package internal(set) var legacySilence = Silence()
  package internal(set) var compares: [String: CompareCounts] = [:]
  package internal(set) var routes: [String: RouteMonitor.State] = [:]
}

/// Why a journaled state cannot be gone on with.
package enum UnusableState: Error, Sendable, Equatable {
  /// It is not what a cutover writes.
  case unreadable
  /// The plan has other routes, stages or gates than the one it was written under; start the
  /// cutover anew, since its error rate is proved for one plan.
  case otherPlan
}
