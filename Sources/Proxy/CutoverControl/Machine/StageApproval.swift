// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What somebody approves: one stage of one run of a plan, as it was looked at. What became of the
/// cutover meanwhile was not, and a later run is another one: its users and its release may be.
package struct StageApproval: Sendable, Equatable {
  /// Index of the stage that may begin.
  package let stage: Int
  /// `CutoverMachine.version` of the run it belongs to.
  package let plan: String

  package init(stage: Int, plan: String) {
    self.stage = stage
    self.plan = plan
  }
}

extension CutoverPlan {
  /// Tells this plan from every other one of its name: 16 hexadecimal digits of its SHA-256.
  package var version: String {
    String(JournalHash(of: Array(JSONText.line(self).utf8)).description.prefix(16))
  }
}

extension CutoverMachine {
  /// Tells this run of the plan from every other one: the plan's version, a hyphen, and the number
  /// of the journal entry that started it, such as `5f0c7d6ab3e1942f-17`; of the one that put
  /// another service in its place once there was one. Without a number before the start, and where
  /// a version of strangler that knew none started it.
  package var version: String {
    guard phase != .ready, let run else { return plan.version }
    return "\(plan.version)-\(run)"
  }
}
