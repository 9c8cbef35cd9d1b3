// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import ControlPlane
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// What `strangler data check` says of a file.
struct DataCheckReport: Encodable {
  /// A mapping whose rows were looked at.
  struct Mapping: Encodable {
    let name: String
    let from: String
    let to: String
    let questions: [DataMappingCheck.Question]

    init(_ check: MappingCheck, _ result: DataInspection.Result) {
      name = check.mapping.name
      from = check.mapping.legacy.description
      to = check.mapping.new.description
      questions = result.settled.map { settled in
        DataMappingCheck.Question(
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

  let file: String
  let usable: Bool
  let diagnostics: [DataMappingCheck.Finding]
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
        DataMappingCheck.Finding(
          severity: diagnostic.severity.rawValue, line: diagnostic.location?.line,
          column: diagnostic.location?.column, key: diagnostic.key,
          message: finding?.message ?? diagnostic.message,
          counterexample: finding?.counterexample.map {
            DataMappingCheck.Finding.Counterexample(place: $0.place, key: $0.key, text: $0.text)
          })
      )
    }.sorted { ($0.1.line ?? 0, $0.1.column ?? 0) < ($1.1.line ?? 0, $1.1.column ?? 0) }
    self.diagnostics = items.map(\.1)
    lines = items.map(\.0.description)
  }

  /// Asks both stores, writing nothing.
  ///
  /// - Parameters:
  ///   - names: of the mappings; empty for all.
  ///   - rows: most that are looked at for each question.
  init(
    _ file: String, _ settings: DataSettings, only names: Set<String> = [],
    _ opened: OpenedStores, _ decoded: DecodedData, within limit: StatementLimit, rows: Int,
    _ progress: ProgressLine
  ) async throws {
    let check = DataCheck(settings, schemas: opened.schemas, only: names)
    var limits = DataInspection.Limits()
    limits.statement = limit.duration
    limits.rows = rows
    var findings = check.findings
    var mappings: [Mapping] = []
    for mapping in check.mappings {
      guard
        let inspection = DataInspection(mapping, stores: opened.stores, limits: limits)
      else { continue }
      let result = try await inspection.run { question, done, all in
        progress.update(question, done: done, of: all)
      }
      findings += result.findings
      findings += result.settled.filter { $0.outcome == .open }.map { settled in
        MappingFinding(
          settled.doubt.key,
          "not settled: whether \(settled.doubt.question): \(settled.reason ?? ""); look longer with "
            + "--timeout, or at more rows with --rows")
      }
      mappings.append(Mapping(mapping, result))
    }
    if !findings.contains(where: { $0.severity == .error }) {
      for mapping in settings.mappings where names.isEmpty || names.contains(mapping.name) {
        findings += try await opened.splits(mapping, settings, within: limit.duration).map {
          MappingFinding("\(mapping.path).to", $0, severity: .warning)
        }
      }
    }
    self.init(file, decoded.placing(findings), counterexamples: findings, mappings: mappings)
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
