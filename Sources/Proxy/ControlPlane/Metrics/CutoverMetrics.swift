// SPDX-License-Identifier: Apache-2.0

/// The state of the cutovers as Prometheus families.
struct CutoverMetrics {
  private var output = PrometheusText()

  static func text(_ overview: CutoverOverview) -> String {
    var metrics = CutoverMetrics()
    metrics.writeInstallation(overview)
    if let sharing = overview.journal.sharing { metrics.writeSharing(sharing) }
    metrics.writeStates(overview.cutovers)
    metrics.writeGates(overview.cutovers)
    return metrics.output.text
  }

  private mutating func writeInstallation(_ overview: CutoverOverview) {
    let gauges: [(String, String, UInt64)] = [
      ("journal_entries", "Sequence of the journal's last entry.", overview.journal.sequence),
      (
        "journal_overdue_records", "Moves to legacy that could not be written yet.",
        UInt64(overview.journal.overdue)
      ),
      (
        "journal_writable", "0 when the last entry could not be written, else 1.",
        overview.journal.failure == nil ? 1 : 0
      ),
      ("cutovers_frozen", "1 while nothing is promoted.", overview.isFrozen ? 1 : 0),
      ("kill_switch_on", "1 while everybody stays with legacy.", overview.isKilled ? 1 : 0),
    ]
    for (name, help, value) in gauges {
      output.family("strangler_\(name)", .gauge, help: help)
      output.sample("strangler_\(name)", value)
    }
  }

  private mutating func writeSharing(_ sharing: SharingOverview) {
    let role = "strangler_journal_role"
    output.family(role, .gauge, help: "1 for what this proxy is among those that share a journal.")
    for each in [SharingOverview.Role.leading, .following, .cutOff] {
      output.sample(role, UInt64(sharing.role == each ? 1 : 0), ["role": each.rawValue])
    }
    let behind = "strangler_journal_replica_behind_entries"
    output.family(behind, .gauge, help: "Entries that a proxy had not made come true.")
    for replica in sharing.replicas {
      output.sample(behind, replica.behind, ["proxy": replica.name])
    }
    let silent = "strangler_journal_replica_silent_seconds"
    output.family(silent, .gauge, help: "Time since a proxy was heard of.")
    for replica in sharing.replicas {
      output.sample(
        silent, Double(replica.silentMilliseconds) / 1_000, ["proxy": replica.name])
    }
  }

  /// One series for each state, of which one is 1: states can be added up over replicas.
  private mutating func writeStates(_ cutovers: [CutoverStatus]) {
    let name = "strangler_cutover_state"
    output.family(name, .gauge, help: "1 for the state that the cutover is in.")
    let phases: [CutoverStatus.Phase] = [.ready, .underWay, .completed, .rolledBack, .ended]
    for cutover in cutovers {
      for phase in phases {
        output.sample(
          name, UInt64(cutover.phase == phase ? 1 : 0),
          ["cutover": cutover.name, "state": phase.rawValue])
      }
    }
    let gauges: [(String, String, (CutoverStatus) -> Double)] = [
      ("stage", "Stage that the cutover is in, from 1.", { Double($0.stage) }),
      ("percent", "Share of its routes by the cutover, 0 to 100.", { $0.percent }),
      ("soaked_seconds", "Time that counts for the stage.", { Double($0.soakedSeconds) }),
      (
        "awaiting_approval", "1 while the next stage waits for approval.",
        { $0.isAwaitingApproval ? 1 : 0 }
      ),
      ("paused", "1 while it is paused.", { $0.isPaused ? 1 : 0 }),
    ]
    for (name, help, value) in gauges {
      output.family("strangler_cutover_\(name)", .gauge, help: help)
      for cutover in cutovers {
        output.sample("strangler_cutover_\(name)", value(cutover), ["cutover": cutover.name])
      }
    }
    let total = "strangler_cutover_rollbacks_total"
    output.family(total, .counter, help: "Times it was taken back, by a gate or by an order.")
    for cutover in cutovers {
      for (cause, count) in [
        ("gate", cutover.rollbacks.automatic), ("order", cutover.rollbacks.ordered),
      ] {
        output.sample(total, UInt64(count), ["cutover": cutover.name, "cause": cause])
      }
    }
  }

  private mutating func writeGates(_ cutovers: [CutoverStatus]) {
    let gates = cutovers.filter { $0.phase == .underWay }.flatMap { cutover in
      cutover.gates.map { (cutover.name, $0) }
    }
    let values: [(String, String, (CutoverStatus.Gate) -> Double)] = [
      (
        "gate_evidence", "What the gate's bets are worth; above 1 speaks against the new side.",
        { $0.evidence }
      ),
      ("gate_threshold", "Evidence at which the routes go back.", { $0.threshold }),
    ]
    for (name, help, value) in values {
      output.family("strangler_cutover_\(name)", .gauge, help: help)
      for (cutover, gate) in gates {
        output.sample(
          "strangler_cutover_\(name)", value(gate),
          ["cutover": cutover, "route": gate.route, "gate": gate.gate])
      }
    }
    typealias Counts = CutoverStatus.Gate.Counts
    let counts: [(String, String, (Counts) -> Int)] = [
      ("gate_requests", "Requests that the gate judged in this stage.", { $0.requests }),
      ("gate_bad_requests", "Those of them that were bad.", { $0.bad }),
    ]
    for (name, help, value) in counts {
      output.family("strangler_cutover_\(name)", .gauge, help: help)
      for (cutover, gate) in gates {
        for (side, sideCounts) in [("legacy", gate.legacy), ("extracted", gate.extracted)] {
          output.sample(
            "strangler_cutover_\(name)", UInt64(max(0, value(sideCounts))),
            ["cutover": cutover, "route": gate.route, "gate": gate.gate, "side": side])
        }
      }
    }
  }
}
