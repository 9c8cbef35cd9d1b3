// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// What `strangler data check` says of a file.
struct DataCheckReport: Encodable {
  /// A mapping whose rows were looked at.
  struct Mapping: Encodable {
    struct Question: Encodable {
      let side: String
      let key: String
      let question: String
      /// `holds`, `broken`, `sampled` or `open`.
      let outcome: String
      let reason: String?
    }

    let name: String
    let from: String
    let to: String
    let questions: [Question]

    init(_ check: MappingCheck, _ result: DataInspection.Result) {
      name = check.mapping.name
      from = check.mapping.legacy.description
      to = check.mapping.new.description
      questions = result.settled.map { settled in
        Question(
          side: settled.doubt.side.rawValue, key: settled.doubt.key,
          question: settled.doubt.question, outcome: settled.outcome.rawValue,
          reason: settled.reason)
      }
    }

    var text: String {
      let counts = ["holds", "sampled", "broken", "open"].compactMap { outcome in
        let count = questions.count { $0.outcome == outcome }
        return count == 0 ? nil : "\(count) \(outcome == "holds" ? "hold" : outcome)"
      }
      return "mapping \(name): \(from) to \(to): "
        + (counts.isEmpty ? "nothing to ask of the rows" : counts.joined(separator: ", "))
    }
  }

  struct Item: Encodable {
    struct Counterexample: Encodable {
      let place: String
      let key: String
      let text: String
    }

    let severity: String
    let line: Int?
    let column: Int?
    let key: String
    let message: String
    let counterexample: Counterexample?
  }

  let file: String
  let usable: Bool
  let diagnostics: [Item]
  let mappings: [Mapping]
  private let lines: [String]

  private enum CodingKeys: CodingKey { case file, usable, diagnostics, mappings }

  /// - Parameter counterexamples: the findings that the diagnostics were made of, in their order.
  init(
    _ file: String, _ diagnostics: [Diagnostic], counterexamples: [MappingFinding] = [],
    mappings: [Mapping] = []
  ) {
    self.file = file
    self.mappings = mappings
    usable = !diagnostics.contains { $0.severity == .error }
    let items = diagnostics.enumerated().map { index, diagnostic in
      let finding = index < counterexamples.count ? counterexamples[index] : nil
      return (
        diagnostic,
        Item(
          severity: diagnostic.severity.rawValue, line: diagnostic.location?.line,
          column: diagnostic.location?.column, key: diagnostic.key,
          message: finding?.message ?? diagnostic.message,
          counterexample: finding?.counterexample.map {
            Item.Counterexample(place: $0.place, key: $0.key, text: $0.text)
          })
      )
    }.sorted { ($0.1.line ?? 0, $0.1.column ?? 0) < ($1.1.line ?? 0, $1.1.column ?? 0) }
    self.diagnostics = items.map(\.1)
    lines = items.map(\.0.description)
  }

  var isUsable: Bool { usable }

  /// A diagnostic a line, a mapping a line, then a line that sums up.
  var text: String {
    let errors = diagnostics.count { $0.severity == "error" }
    let warnings = diagnostics.count - errors
    let end =
      errors > 0
      ? "\(file): \(counted(errors, "error")), \(counted(warnings, "warning"))"
      : "\(file): \(counted(mappings.count, "mapping")) can run, \(counted(warnings, "warning"))"
    return (lines + mappings.map(\.text) + [end]).joined(separator: "\n") + "\n"
  }

  private func counted(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }
}
