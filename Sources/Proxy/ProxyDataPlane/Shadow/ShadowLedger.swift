// SPDX-License-Identifier: Apache-2.0

package import ShadowComparison

/// The service of a route that a shadow was sent to. A reload may put another one in its place
/// while the answer is still awaited.
package struct ShadowedService: Sendable, Hashable {
  /// Name of the route.
  package var route: String
  /// How it is served and compared (`ProxyConfiguration.comparisonText`).
  package var text: String

  package init(route: String, text: String) {
    self.route = route
    self.text = text
  }
}

/// What was found about one request.
package struct ShadowFinding: Sendable {
  package var service: ShadowedService
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

/// A comparison that was filed.
package struct FiledComparison: Sendable, Equatable {
  package var decision: ShadowEvidence.Decision
  /// What it counts as: approved noise is `ignored`.
  package var outcome: Comparison.Outcome

  package init(_ decision: ShadowEvidence.Decision, as outcome: Comparison.Outcome) {
    self.decision = decision
    self.outcome = outcome
  }
}

/// Takes what shadows find. Called on the lane, so it must not wait for anything slow.
package protocol ShadowLedger: Sendable {
  /// Files a comparison, and says what it counts as and whether legacy should be asked once more.
  func file(_ finding: ShadowFinding) -> FiledComparison
  /// Files who was odd, once legacy was asked again, and says which of it counts. nil when it was
  /// not filed, as `unfiled`.
  func file(
    _ triples: [PathKind: OddOneOut], endpoint: String, of service: ShadowedService
  ) -> FiledTriples?
}
