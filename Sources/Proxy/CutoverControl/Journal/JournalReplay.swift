// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What a journal adds up to: where every route stands and which cutovers are under way.
package struct JournalReplay: Sendable, Equatable {
  /// A cutover as it was written down last.
  package struct LiveCutover: Sendable, Equatable {
    /// `JournaledCutover.json`.
    package let state: String
    /// The configuration it was written under.
    package let configurationHash: String
    package let entry: Deed

    package var time: Int64 { entry.time }
    package var sequence: UInt64 { entry.sequence }

    /// It was rolled back; false as well where its state cannot be read.
    var isTakenBack: Bool { (try? JournaledCutover(json: state))?.state.phase == .rolledBack }
  }

  /// What an entry says for people: which one it is, when, who and why.
  package struct Deed: Sendable, Equatable {
    package let sequence: UInt64
    /// Milliseconds since 1970.
    package let time: Int64
    package let actor: String
    package let reason: String
    package let isAutomatic: Bool

    init(_ record: JournalRecord, sequence: UInt64) {
      self.sequence = sequence
      time = record.time
      actor = record.actor
      reason = record.reason
      isAutomatic = record.isAutomatic
    }
  }

  /// A move that starts elsewhere than the route stood: something moved it without an entry.
  package struct Contradiction: Sendable, Equatable {
    package let sequence: UInt64
    package let route: String
    package let stood: Percentage
    package let from: Percentage

    package init(sequence: UInt64, route: String, stood: Percentage, from: Percentage) {
      self.sequence = sequence
      self.route = route
      self.stood = stood
      self.from = from
    }
  }

  /// Shares by route; a route that never moved is not there, and the file says where it stands.
  package private(set) var percentages: [String: Percentage] = [:]
  /// Cutovers by name. One whose routes were moved by hand or reverted has ended: its evidence is
  /// about other shares.
  package private(set) var cutovers: [String: LiveCutover] = [:]
  /// By cutover that has ended that way, the entry that ended it.
  package private(set) var ends: [String: Deed] = [:]
  /// What holds for all routes; nil before it was written down first.
  package private(set) var installation: InstallationState?
  package private(set) var contradictions: [Contradiction] = []
  /// Sequence of the last entry.
  package private(set) var sequence: UInt64 = 0
  /// Routes by the cutover that moved them last.
  private var owners: [String: String] = [:]

  package init() {}

  /// The replay of a whole journal.
  package init(_ entries: some Sequence<JournalEntry>) throws(UnusableState) {
    for entry in entries { try apply(entry) }
  }

  package mutating func apply(_ entry: JournalEntry) throws(UnusableState) {
    try apply(entry.record, sequence: entry.sequence)
  }

  /// Takes in what an entry will say, or says.
  package mutating func apply(
    _ record: JournalRecord, sequence: UInt64
  ) throws(UnusableState) {
    self.sequence = sequence
    let deed = Deed(record, sequence: sequence)
    for move in record.moves {
      let stood = percentages[move.route] ?? move.from
      if stood != move.from {
        contradictions.append(
          Contradiction(
            sequence: sequence, route: move.route, stood: stood, from: move.from))
      }
      percentages[move.route] = move.to
      if let owner = owners[move.route], owner != record.cutover { end(owner, by: deed) }
      owners[move.route] = record.cutover
    }
    if record.cutover == nil, let state = record.state {
      let state = try InstallationState(json: state)
      // One at 0 % has no route that moves, and has ended too. One that was taken back before has
      // ended by that, with evidence that is to be read.
      if state.isKilled {
        for (name, live) in cutovers where !live.isTakenBack { end(name, by: deed) }
      }
      installation = state
      if state.isKilled { forgetHeld { _ in true } }
    }
    if record.actor != Self.fileActor {
      let lowered = Set(record.moves.filter { $0.to < $0.from }.map(\.route))
      forgetHeld(lowered.contains)
    }
    if case .cutover = record.kind, let name = record.cutover, let state = record.state {
      cutovers[name] = LiveCutover(
        state: state, configurationHash: record.configurationHash, entry: deed)
      ends[name] = nil
    }
  }

  /// A later decision took users of these routes back: what a file raised before it is a number
  /// that is known, and not taken up when the freeze ends. They stay where they stand.
  private mutating func forgetHeld(_ isForgotten: (_ route: String) -> Bool) {
    guard var state = installation, let held = state.heldShares else { return }
    for (route, share) in held where isForgotten(route) {
      percentages[route] = percentages[route] ?? state.fileShares[route] ?? .zero
      state.fileShares[route] = share
    }
    let rest = held.filter { !isForgotten($0.key) }
    state.heldShares = rest.isEmpty ? nil : rest
    installation = state
  }

  private mutating func end(_ cutover: String, by deed: Deed) {
    if cutovers.removeValue(forKey: cutover) != nil { ends[cutover] = deed }
  }

  /// Routes that a cutover moved last, by name: known even where its own state cannot be read.
  package func routes(of cutover: String) -> [String] {
    owners.filter { $0.value == cutover }.keys.sorted()
  }

}
