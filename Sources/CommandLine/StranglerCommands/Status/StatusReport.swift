// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import StrangulationMeasures

/// How much is left, for people at a terminal.
struct StatusReport {
  /// Parts listed of a measure; the JSON has all.
  private static let listedParts = 15
  private static let leastWidth = 60
  private static let indent = "  "
  /// Width of a measure's name with what follows it.
  private static let nameWidth = 9

  let width: Int
  let style: TextStyle

  init(width: Int, style: TextStyle) {
    self.width = max(Self.leastWidth, width)
    self.style = style
  }

  func text(_ progress: StrangulationProgress) -> String {
    TerminalText.document(sections: progress.measures.map(section) + [legend], style)
  }

  private var legend: [String] {
    [style.dim("█ extracted  ▒ under way  ░ left in the monolith  ? not known")]
  }

  private func section(_ measure: ProgressMeasure) -> [String] {
    head(measure) + parts(measure) + measure.unknown.flatMap(unknown) + next(measure)
  }

  /// A bar for each unit.
  private func head(_ measure: ProgressMeasure) -> [String] {
    let name = measure.name.rawValue
    let title = name + String(repeating: " ", count: max(1, Self.nameWidth - name.count))
    guard !measure.counts.isEmpty else { return [style.strong(title) + "not known"] }
    let cells = min(30, max(10, width - 50))
    return measure.counts.enumerated().map { index, count in
      let begin =
        index == 0 ? style.strong(title) : String(repeating: " ", count: Self.nameWidth)
      return "\(begin)\(ProgressText.bar(count, width: cells))  \(sentence(measure.name, count))"
    }
  }

  /// `41 of 120 types extracted (34.2 %), 12 under way`.
  private func sentence(_ name: ProgressMeasure.Name, _ count: ProgressCount) -> String {
    let number = ProgressText.number
    let done =
      switch (name, count.unit) {
      case (.events, "events"): "sent"
      case (.events, _): "with an event for every change"
      case (.traffic, _): "answered by the extracted side"
      default: "extracted"
      }
    var text = "\(number(count.extracted)) of \(number(count.total)) \(count.unit) \(done)"
    if let share = count.share { text += " (\(ProgressText.share(share)))" }
    if count.underWay > 0 {
      text += ", \(number(count.underWay)) \(name == .events ? "waiting" : "under way")"
    }
    if count.unknown > 0 { text += ", \(number(count.unknown)) not known" }
    return text
  }

  private func parts(_ measure: ProgressMeasure) -> [String] {
    guard !measure.parts.isEmpty else { return [] }
    let units = measure.counts.map(\.unit).filter { shownUnits(measure.name).contains($0) }
    let hasNotes = measure.parts.contains { !$0.note.isEmpty }
    var table = TextTable(
      [.init(title(measure.name), isFlexible: true), .init("state")]
        + units.map { .init($0, .right) } + (hasNotes ? [.init("", isFlexible: true)] : []))
    let listed = measure.parts.prefix(Self.listedParts)
    for part in listed {
      let amounts = units.map { unit in
        part.counts.first { $0.unit == unit }.map { ProgressText.number($0.total) } ?? ""
      }
      table.rows.append([part.name, part.state] + amounts + (hasNotes ? [part.note] : []))
    }
    var lines = table.lines(width: width - Self.indent.count, style: style).map {
      Self.indent + $0
    }
    if measure.parts.count > listed.count {
      lines.append(
        Self.indent + style.dim("and \(measure.parts.count - listed.count) more, in the JSON"))
    }
    return lines
  }

  /// Units in which parts differ.
  private func shownUnits(_ name: ProgressMeasure.Name) -> Set<String> {
    switch name {
    case .code: ["types", "lines"]
    case .traffic: ["requests"]
    case .routes, .tables, .events: []
    }
  }

  private func title(_ name: ProgressMeasure.Name) -> String {
    switch name {
    case .code: "service"
    case .routes, .traffic: "route"
    case .tables, .events: "table"
    }
  }

  private func unknown(_ unknown: ProgressMeasure.Unknown) -> [String] {
    hanging("not known: \(unknown.what)") + hanging("\(unknown.how)", "    by: ")
  }

  private func next(_ measure: ProgressMeasure) -> [String] {
    guard let next = measure.next else {
      return [Self.indent + style.good("nothing is left to do")]
    }
    return hanging("next: \(next.text)") + (next.command.map { hanging($0, "    by: ") } ?? [])
  }

  private func hanging(_ text: String, _ lead: String = "  ") -> [String] {
    let room = width - lead.count
    return wrapped(text, width: room).enumerated().map { index, line in
      (index == 0 ? lead : String(repeating: " ", count: lead.count)) + line
    }
  }
}
