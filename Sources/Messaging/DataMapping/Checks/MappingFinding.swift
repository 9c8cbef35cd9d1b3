// SPDX-License-Identifier: Apache-2.0

/// Something about a mapping that a person has to know before it runs.
package struct MappingFinding: Sendable, Hashable {
  /// Whether the mapping can run.
  package enum Severity: String, Sendable, Hashable {
    /// It cannot.
    case error
    /// It can, but probably not as meant.
    case warning
  }

  /// A row that shows it.
  package struct Counterexample: Sendable, Hashable {
    /// Store and table, such as `legacy.orders`.
    package let place: String
    /// The row's key, such as `id = 17`; empty where it has none.
    package let key: String
    /// What is wrong in it, such as `status = "lost" is not in the value table`.
    package let text: String

    package init(place: String, key: String, text: String) {
      self.place = place
      self.key = key
      self.text = text
    }
  }

  package let severity: Severity
  /// Where it stands in the configuration, such as `data.mappings.orders.columns.total`.
  package let key: String
  package let message: String
  package var counterexample: Counterexample?

  package init(
    _ key: String, _ message: String, severity: Severity = .error,
    counterexample: Counterexample? = nil
  ) {
    self.severity = severity
    self.key = key
    self.message = message
    self.counterexample = counterexample
  }

  /// The message with its counterexample.
  package var text: String {
    guard let counterexample else { return message }
    let row = counterexample.key.isEmpty ? "" : " \(counterexample.key)"
    return "\(message): in \(counterexample.place)\(row), \(counterexample.text)"
  }
}
