// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What somebody approves: one stage of one plan, as it was looked at. What became of the cutover
/// meanwhile was not.
package struct StageApproval: Sendable, Equatable {
  /// Index of the stage that may begin.
  package let stage: Int
  /// `CutoverPlan.version` of the plan it belongs to.
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
