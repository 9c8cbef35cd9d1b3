// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import Synchronization

/// What came of one part of a composed upstream's answers so far.
public struct PartCounts: Sendable, Equatable {
  /// The part's name.
  public let name: String
  /// Times it was there.
  public internal(set) var answered: UInt64 = 0
  /// Times something stood in for it.
  public internal(set) var replaced: UInt64 = 0
  /// Times it failed, by reason, those included for which something stood in.
  public internal(set) var failures: [String: UInt64] = [:]
}

/// Counts the parts of one composed upstream for all workers: a lock for each answer, beside
/// requests over the network.
final class PartTally: Sendable {
  private let parts: Mutex<[PartCounts]>

  init(_ plan: CompositionPlan) {
    parts = Mutex(plan.parts.map { PartCounts(name: $0.name) })
  }

  private init(_ counts: [PartCounts]) { parts = Mutex(counts) }

  var counts: [PartCounts] { parts.withLock(\.self) }

  /// Goes on where this one stands, as far as the parts are the same.
  func successor(_ plan: CompositionPlan) -> PartTally {
    let known = counts
    return PartTally(
      plan.parts.map { part in
        known.first { $0.name == part.name } ?? PartCounts(name: part.name)
      })
  }

  /// An answer was given, or given up.
  func count(_ machine: CompositionMachine) {
    parts.withLock { parts in
      for index in parts.indices {
        switch machine.states[index] {
        case .there: parts[index].answered += 1
        case .replaced: parts[index].replaced += 1
        case .absent, .asked, .fallbackAsked: break
        }
        guard let failure = machine.failures[index] else { continue }
        parts[index].failures[failure.reason, default: 0] += 1
      }
    }
  }
}
