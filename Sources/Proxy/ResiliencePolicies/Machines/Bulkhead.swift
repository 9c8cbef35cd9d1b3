// SPDX-License-Identifier: Apache-2.0

/// Keeps what is under way at a service to a number of places, with a short line in front of them.
///
/// Who gives a place back hands it to the first in line, so nobody overtakes those who wait. Times
/// are milliseconds of one clock that never goes back. Tickets tell apart who waits; whoever lends
/// them out sees to it that no two are alike.
package struct Bulkhead: Sendable {
  /// What somebody who comes gets.
  package enum Entry: Sendable, Equatable {
    case place
    /// Stands in line, until this time at most.
    case line(until: UInt64)
    /// There is no place, and none in line.
    case full
  }

  private let rules: BulkheadRules
  private let wait: UInt64
  /// Places that are taken.
  package private(set) var inFlight = 0
  /// Those who stand in line, the first first.
  private var line: [(ticket: UInt64, until: UInt64)] = []

  package init(_ rules: BulkheadRules) {
    self.rules = rules
    wait = rules.wait.milliseconds
  }

  /// Those who stand in line, some perhaps for longer than they want to.
  package var waiting: Int { line.count }

  /// Asks for a place.
  ///
  /// - Parameter deadline: when a place would be of no use any more.
  package mutating func enter(
    _ ticket: UInt64, at now: UInt64, deadline: UInt64 = .max
  ) -> Entry {
    leaveLine(at: now)
    // A place is free only while nobody stands in line.
    if inFlight < rules.inFlight {
      inFlight += 1
      return .place
    }
    let until = min(now &+ wait, deadline)
    guard line.count < rules.queue, until > now else { return .full }
    line.append((ticket, until))
    return .line(until: until)
  }

  /// Gives a place back.
  ///
  /// - Returns: the ticket of who has it now; nil when nobody waits.
  package mutating func leave(at now: UInt64) -> UInt64? {
    leaveLine(at: now)
    if line.isEmpty {
      inFlight -= 1
      return nil
    }
    return line.removeFirst().ticket
  }

  /// Stops waiting; nothing happens when the ticket has a place or is not in line any more.
  package mutating func withdraw(_ ticket: UInt64) { line.removeAll { $0.ticket == ticket } }

  /// Whose time is up waits no more.
  private mutating func leaveLine(at now: UInt64) { line.removeAll { $0.until <= now } }
}
