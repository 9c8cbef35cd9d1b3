// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders a suggestion for a terminal. Its first screen tells which service to extract first, why,
/// what has to be cut for it, and how sure that is.
public struct TextReport: Sendable {
  /// Columns to fill, at least 40.
  public var width: Int
  /// Emphasis.
  public var style: TextStyle
  /// Cuts listed per border; nil lists all.
  public var cutsPerBorder: Int?

  static let leastWidth = 40
  static let linesPerFinding = 3
  /// Whether tables show no more than what names a line and what tells most.
  var isNarrow: Bool { width < 60 }

  /// Creates a renderer.
  public init(width: Int = 100, style: TextStyle = .plain, cutsPerBorder: Int? = 5) {
    self.width = max(Self.leastWidth, width)
    self.style = style
    self.cutsPerBorder = cutsPerBorder
  }

  /// The whole report; ends with a line break.
  public func render(_ suggestion: BoundarySuggestion) -> String {
    let cuts = CutsByService(suggestion.cuts)
    var sections: [[String]] = [coverage(suggestion), verdict(suggestion)]
    if let first = suggestion.services.first, suggestion.verdict.decision == .split {
      sections.append(firstService(first, suggestion, cuts))
    }
    if !suggestion.services.isEmpty, !suggestion.isWhole {
      sections.append(services(suggestion, cuts))
    }
    sections.append(doubts(suggestion))
    sections.append(findings(suggestion))
    sections.append(setApart(suggestion))
    sections += suggestion.services.map { details($0, suggestion) }
    if !suggestion.isWhole { sections.append(self.cuts(suggestion)) }
    return TerminalText.document(sections: sections, style)
  }

  private func coverage(_ suggestion: BoundarySuggestion) -> [String] {
    let coverage = suggestion.coverage
    let tiers = coverage.tiers.map { "\(counted($0.references, "reference")) (\($0.name.title))" }
    var parts = [
      counted(coverage.files, "file"), counted(coverage.lines, "line"),
      counted(coverage.types, "type"),
    ]
    parts += tiers.isEmpty ? ["no references"] : tiers
    if coverage.parseFailures > 0 {
      parts.append("\(counted(coverage.parseFailures, "file")) did not parse")
    }
    if coverage.leftOut > 0 {
      parts.append("\(counted(coverage.leftOut, "file")) left out in whole or in part")
    }
    return wrapped("Read " + parts.joined(separator: ", ") + ".", width: width)
  }

  private func verdict(_ suggestion: BoundarySuggestion) -> [String] {
    let lines = wrapped(suggestion.verdict.reason, width: width)
    let isSplit = suggestion.verdict.decision == .split
    return lines.map { isSplit ? style.good($0) : style.warning($0) }
  }

  private func firstService(
    _ service: Service, _ suggestion: BoundarySuggestion, _ cuts: CutsByService
  ) -> [String] {
    let sentences = ServiceSentences(service, suggestion, cuts[service.name])
    var lines = [style.strong("Extract first: \(service.name)")]
    for (title, text) in [
      ("Why", sentences.reasons),
      ("Cut", sentences.price), ("Cheapest", sentences.shortcut),
      ("Effort", sentences.effort), ("Sure", sentences.confidence),
    ] where !text.isEmpty {
      lines += wrapped("\(title): \(text)", width: width, indent: "  ")
    }
    return lines
  }

  private func services(_ suggestion: BoundarySuggestion, _ cuts: CutsByService) -> [String] {
    var table = TextTable([
      .init("#", .right), .init("service", isFlexible: true),
      .init("types", .right, leaves: isNarrow ? 6 : nil),
      .init("files", .right, leaves: 1),
      .init("routes", .right, leaves: isNarrow ? 5 : nil),
      .init("tables", .right, leaves: isNarrow ? 4 : nil),
      .init("of others", .right, leaves: 2), .init("cuts in", .right),
      .init("out", .right), .init("cohesion", .right, leaves: 3),
      .init("stability", .right),
    ])
    for service in suggestion.services {
      table.rows.append([
        "\(service.order)", service.name, "\(service.types.count)", "\(service.files.count)",
        "\(service.routes.count)", "\(service.tables.owned.count)",
        "\(service.tables.shared.count)",
        "\(cuts.into(service.name))", "\(cuts.outOf(service.name))",
        decimal(service.scores.cohesion), decimal(service.scores.stability),
      ])
    }
    return [style.strong("Services, in the order of extraction")]
      + table.lines(width: width, style: style)
  }

  private func findings(_ suggestion: BoundarySuggestion) -> [String] {
    guard !suggestion.findings.isEmpty else { return [] }
    var lines = [style.strong("Findings (\(suggestion.findings.count))")]
    for finding in suggestion.findings {
      lines += wrapped(
        "\(finding.severity.rawValue) \(finding.id): \(finding.message)", width: width, indent: "  "
      )
      for location in finding.locations.prefix(Self.linesPerFinding) {
        lines.append(style.dim("    " + location.text))
      }
      if finding.locations.count > Self.linesPerFinding {
        lines.append(
          style.dim(
            "    and \(counted(finding.locations.count - Self.linesPerFinding, "more place"))"))
      }
    }
    return lines
  }

  private func doubts(_ suggestion: BoundarySuggestion) -> [String] {
    guard suggestion.coverage.types > 0 else { return [] }
    return [style.strong("How sure")]
      + DoubtSentences(suggestion).all.flatMap { wrapped($0, width: width, indent: "  ") }
  }

  private func setApart(_ suggestion: BoundarySuggestion) -> [String] {
    var lines = RemainderSentences(suggestion).all.flatMap { wrapped($0, width: width) }
    if !suggestion.sharedKernel.isEmpty {
      lines += wrapped(
        "Shared kernel, a library for all services: "
          + suggestion.sharedKernel.joined(separator: ", ") + ".", width: width)
    }
    if !suggestion.compositionRoots.isEmpty {
      lines += wrapped(
        "Composition roots, each service gets its own: "
          + suggestion.compositionRoots.joined(separator: ", ") + ".", width: width)
    }
    let routes = RemainderSentences(suggestion).routesOfNoService
    if !routes.isEmpty { lines += wrapped(routes, width: width) }
    return lines
  }
}
