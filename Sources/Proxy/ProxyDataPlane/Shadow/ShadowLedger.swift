// SPDX-License-Identifier: Apache-2.0

package import ShadowComparison

/// What was found about one request.
package struct ShadowFinding: Sendable {
  /// Name under which it is reported.
  package var endpoint: String
  package var method: String
  package var target: String
  package var legacy: SideAnswer
  package var extracted: SideAnswer
  package var comparison: Comparison
  package var times: AnswerTimes
  /// The rules it was compared by.
  package var rules: ComparisonRules
  /// Its method changes nothing.
  package var isSafe: Bool
  /// Its route may ask legacy once more.
  package var hasBudget: Bool
}

/// Takes what shadows find. Called on the lane, so it must not wait for anything slow.
package protocol ShadowLedger: Sendable {
  /// Files a comparison, and says whether legacy should be asked once more.
  func file(_ finding: ShadowFinding) -> ShadowEvidence.Decision
  /// Files who was odd, once legacy was asked again, and says which of it counts: what somebody
  /// approved holds nothing against a side.
  func file(_ triples: [PathKind: OddOneOut], endpoint: String) -> [PathKind: OddOneOut]
}
