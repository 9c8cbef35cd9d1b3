// SPDX-License-Identifier: Apache-2.0

/// What both stores say of a mapping, as `GET /data/{name}/check` answers it.
package struct DataMappingCheck: Sendable, Equatable, Codable {
  /// What was asked of the rows.
  package struct Question: Sendable, Equatable, Codable {
    /// `legacy` or `new`.
    package let side: String
    /// The configuration's key that it is about.
    package let key: String
    package let question: String
    /// `holds`, `broken`, `sampled` or `open`.
    package let outcome: String
    /// Why it is open; absent otherwise.
    package let reason: String?

    package init(side: String, key: String, question: String, outcome: String, reason: String?) {
      (self.side, self.key, self.question) = (side, key, question)
      (self.outcome, self.reason) = (outcome, reason)
    }
  }

  package struct Finding: Sendable, Equatable, Codable {
    /// A row that does not hold.
    package struct Counterexample: Sendable, Equatable, Codable {
      package let place: String
      package let key: String
      package let text: String

      package init(place: String, key: String, text: String) {
        (self.place, self.key, self.text) = (place, key, text)
      }
    }

    /// `error` or `warning`.
    package let severity: String
    /// Where in the configuration, from 1; absent where it has no place.
    package let line: Int?
    package let column: Int?
    package let key: String
    package let message: String
    package let counterexample: Counterexample?

    package init(
      severity: String, line: Int?, column: Int?, key: String, message: String,
      counterexample: Counterexample?
    ) {
      (self.severity, self.line, self.column, self.key) = (severity, line, column, key)
      (self.message, self.counterexample) = (message, counterexample)
    }
  }

  /// Whether it can run.
  package let isUsable: Bool
  package let findings: [Finding]
  package let questions: [Question]

  package init(isUsable: Bool, findings: [Finding], questions: [Question]) {
    (self.isUsable, self.findings, self.questions) = (isUsable, findings, questions)
  }
}
