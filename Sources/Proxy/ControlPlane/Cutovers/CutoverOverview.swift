// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import ProxyDataPlane
internal import RoutingDecisions

/// Everything that is known of the cutovers at one moment, as `GET /cutovers` answers it. Times are
/// seconds, shares percent from 0 to 100; absent members are left out.
package struct CutoverOverview: Sendable, Equatable, Codable {
  /// The journal that this rests on.
  package struct Journal: Sendable, Equatable, Codable {
    package let installation: String
    /// Sequence of the last entry; 0 for an empty journal.
    package let sequence: UInt64
    /// Its hash, which whoever keeps it elsewhere can hold the journal to.
    package let head: String?
    /// Records of moves to legacy that were made and could not be written yet.
    package let overdue: Int
    /// A restart finds all of them, and goes on with them.
    package let isOverdueKept: Bool
    /// Why the journal could not be written the last time.
    package let failure: String?
    /// Where the proxies stand that share it; nil for the journal of one.
    package let sharing: SharingOverview?
  }

  /// A route that has two sides.
  package struct Route: Sendable, Equatable, Codable {
    package let name: String
    /// Share in force.
    package let percent: Double
    /// Share that the file names.
    package let filePercent: Double
    /// Share that the file asked for while everything is frozen, taken up at the end of that.
    package let heldPercent: Double?
    /// The plan that moves it.
    package let cutover: String?
  }

  /// A route that the order which this answers moved.
  package struct Move: Sendable, Equatable, Codable {
    package let route: String
    package let from: Double
    package let to: Double

    init(_ move: JournalRecord.Move) {
      (route, from, to) = (move.route, move.from.number, move.to.number)
    }
  }

  /// Changes with everything that is decided by it; `ETag` of `GET /routes`.
  package let version: UInt64
  package let journal: Journal
  /// This process carries the plans out. False while an older process still does.
  package let isLeading: Bool
  package let isFrozen: Bool
  package let isKilled: Bool
  package let routes: [Route]
  /// Those of the file and those under way, by name.
  package let cutovers: [CutoverStatus]
  /// What the end of a freeze moved, in the answer to that order.
  package var moves: [Move]?
}

/// One cutover at one moment.
package struct CutoverStatus: Sendable, Equatable, Codable {
  package enum Phase: String, Sendable, Codable {
    case ready
    case underWay = "under-way"
    case completed
    case rolledBack = "rolled-back"
    /// Its routes were moved otherwise: by hand, by the file, by a revert or the kill switch.
    case ended
  }

  package struct Stage: Sendable, Equatable, Codable {
    package let percent: Double
    package let soakSeconds: Int64
    package let minimum: Int
    package let needsApproval: Bool
    package let evidence: String
    package let tolerance: Double
  }

  package struct Gate: Sendable, Equatable, Codable {
    package struct Counts: Sendable, Equatable, Codable {
      package let requests: Int
      package let bad: Int
    }

    package let route: String
    /// `errors`, `p95`, `mismatches`.
    package let gate: String
    /// What its bets are worth; above 1 speaks against the extracted side.
    package let evidence: Double
    /// Where they take the routes back.
    package let threshold: Double
    package let legacy: Counts
    package let extracted: Counts
    /// The tolerated share where there is no legacy to compare with.
    package let ceiling: Double?
    package let text: String
  }

  /// The journal's entry by which a run came to its end.
  package struct End: Sendable, Equatable, Codable {
    package let entry: UInt64
    /// Such as `2026-11-23T12:00:00.250Z`.
    package let at: String
    package let actor: String
    package let reason: String
    /// No person decided it.
    package let isAutomatic: Bool

    init(_ deed: JournalReplay.Deed) {
      entry = deed.sequence
      at = Timestamp.text(deed.time)
      actor = deed.actor
      reason = deed.reason
      isAutomatic = deed.isAutomatic
    }
  }

  package struct Rollbacks: Sendable, Equatable, Codable {
    package let automatic: Int
    package let ordered: Int
  }

  package let name: String
  /// Version of the plan, and of its run (`CutoverMachine.version`); an approval names it. A proxy
  /// of the version before tells none.
  package let plan: String?
  package let routes: [String]
  package let phase: Phase
  /// Share of its routes by this cutover; of one that ended the largest that a route of its has,
  /// which no gate watches.
  package let percent: Double
  /// From 1; the one it is in, or was in last.
  package let stage: Int
  package let stages: [Stage]
  /// Seconds that count towards the stage's soak time.
  package let soakedSeconds: Int
  /// Requests judged in this stage (comparisons at 0 %).
  package let judged: Int
  package let isPaused: Bool
  package let isAwaitingApproval: Bool
  /// Why it does not go on: a word for programs, and a sentence.
  package let hold: String?
  package let holdText: String?
  /// Sequence of the entry that ended it otherwise than by its own plan.
  package let endedBy: UInt64?
  /// How one that was rolled back, or ended otherwise, came to that.
  package let end: End?
  /// The file has another plan by now, which holds from the next start on.
  package let isOutdated: Bool
  /// What each gate says, of one that was rolled back what it said then; none without a run.
  package let gates: [Gate]
  /// Since the start of the process.
  package let rollbacks: Rollbacks
}

extension CutoverRunner {
  /// The state of everything, as one value.
  package func overview() -> CutoverOverview {
    let (version, table) = routing.snapshot()
    let file = routing.filePercentages
    let plans = routing.loaded.cutovers
    let owners = plans.nameByRoute
    return CutoverOverview(
      version: version,
      journal: CutoverOverview.Journal(
        installation: journal.installation, sequence: chain?.sequence ?? 0,
        head: chain.map(\.head.description), overdue: overdue.count,
        isOverdueKept: kept == overdue, failure: tail.failure,
        sharing: sharingOverview()),
      isLeading: isLeading, isFrozen: installation.isFrozen, isKilled: installation.isKilled,
      routes: table.configuration.routes.filter { $0.extracted != nil }.map { route in
        CutoverOverview.Route(
          name: route.name, percent: route.percent.number,
          filePercent: (file[route.name] ?? route.percent).number,
          heldPercent: installation.heldShares?[route.name]?.number, cutover: owners[route.name])
      },
      cutovers: statuses(plans))
  }

  /// One cutover of the file, or one under way; nil when there is none of that name.
  package func status(of name: String) -> CutoverStatus? {
    statuses(routing.loaded.cutovers).first { $0.name == name }
  }

  private func statuses(_ plans: [CutoverPlan]) -> [CutoverStatus] {
    let inFile = Dictionary(plans.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let standing = standing
    let shares = routing.percentages
    return Set(inFile.keys).union(machines.keys).sorted().compactMap { name in
      let machine = machines[name] ?? inFile[name].map { CutoverMachine($0) }
      return machine.map { machine in
        CutoverStatus(
          machine, endedBy: standing.ends[name],
          last: standing.cutovers[name]?.entry, hold: holds[name],
          isOutdated: machine.phase == .underWay && inFile[name] != machine.plan,
          rollbacks: rollbacks[name] ?? Rollbacks(), shares: shares)
      }
    }
  }
}

extension CutoverStatus {
  init(
    _ machine: CutoverMachine, endedBy: JournalReplay.Deed?, last: JournalReplay.Deed?,
    hold: HoldReason?, isOutdated: Bool, rollbacks: CutoverRunner.Rollbacks,
    shares: [String: Percentage]
  ) {
    let (plan, state) = (machine.plan, machine.state)
    name = plan.name
    self.plan = machine.version
    routes = plan.routes
    phase =
      switch state.phase {
      case .ready: endedBy == nil ? .ready : .ended
      case .underWay: .underWay
      case .completed: .completed
      case .rolledBack: .rolledBack
      }
    let moved = phase == .ended ? plan.routes.compactMap { shares[$0] }.max() : nil
    percent = (moved ?? machine.percent).number
    stage = state.stage + 1
    stages = plan.stages.map { stage in
      Stage(
        percent: stage.percent.number, soakSeconds: stage.soak.components.seconds,
        minimum: stage.minimum, needsApproval: stage.needsApproval,
        evidence: stage.evidence.rawValue, tolerance: stage.effectiveTolerance)
    }
    soakedSeconds = state.soaked
    judged = state.judged
    isPaused = state.isPaused
    isAwaitingApproval = state.isAwaitingApproval && !state.isApproved
    self.hold = hold?.code
    holdText = hold?.description
    self.endedBy = endedBy?.sequence
    // Nothing is written of a run behind its rollback.
    end = (phase == .rolledBack ? last : endedBy).map(End.init)
    self.isOutdated = isOutdated
    let hasRun = phase != .ready && phase != .ended
    gates = hasRun ? machine.findings.map(Gate.init) : []
    self.rollbacks = Rollbacks(automatic: rollbacks.automatic, ordered: rollbacks.ordered)
  }
}

extension CutoverStatus.Gate {
  init(_ finding: GateFinding) {
    route = finding.route
    gate = finding.subject.name
    evidence = finding.evidence
    threshold = finding.threshold
    legacy = Counts(requests: finding.counts.legacy, bad: finding.counts.legacyBad)
    extracted = Counts(requests: finding.counts.extracted, bad: finding.counts.extractedBad)
    ceiling = if case .ceiling(let share) = finding.baseline { share } else { nil }
    text = finding.description
  }
}

extension Percentage {
  /// From 0 to 100.
  var number: Double { Double(hundredths) / 100 }
}
