// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

extension TextReport {
  /// One service with everything that moves along.
  func details(_ service: Service, _ suggestion: BoundarySuggestion) -> [String] {
    let number = suggestion.isWhole ? "" : "\(service.order). "
    var lines = [style.strong(number + service.name)]
    func item(_ title: String, _ values: [String]) {
      guard !values.isEmpty else { return }
      lines += wrapped(title + ": " + values.joined(separator: ", "), width: width, indent: "  ")
    }
    item(suggestion.isWhole ? "whole" : "why here", [service.reason])
    if !suggestion.isWhole {
      item("effort", [ServiceSentences(service, suggestion, []).effort])
    }
    item("routes", service.routes.map { "\($0.method) \($0.path)" })
    item("tables owned", service.tables.owned)
    item("tables of others", service.tables.shared)
    item(suggestion.isWhole ? "in the background" : "jobs", service.jobs)
    let people = ServiceSentences(service, suggestion, []).people
    item("changed by", people.isEmpty ? [] : [people])
    // All that was read is listed by no one; the JSON report has it.
    guard !suggestion.isWhole else { return lines }
    item(
      "types",
      service.types.map {
        $0.stability < Doubts.firmStability
          ? "\($0.name) (in doubt, \(decimal($0.stability)))" : $0.name
      })
    item("files", service.files)
    return lines
  }

  /// The cut list, grouped by border; the borders of the service that goes first come first.
  func cuts(_ suggestion: BoundarySuggestion) -> [String] {
    guard !suggestion.cuts.isEmpty else { return ["Nothing crosses the suggested borders."] }
    var orders: [String: Int] = [:]
    for service in suggestion.services { orders[service.name] = service.order }
    let borders = Dictionary(grouping: suggestion.cuts) { Border(cut: $0) }
      .sorted { $0.key.place(orders) < $1.key.place(orders) }
    var lines = [style.strong("Cut list (\(counted(suggestion.cuts.count, "place")))")]
    for (border, cuts) in borders {
      lines.append("  \(border.from) -> \(border.to): \(counted(cuts.count, "place"))")
      var table = TextTable([
        .init("place", isFlexible: true, keepsEnd: true), .init("symbol", isFlexible: true),
        .init("kind", leaves: isNarrow ? 1 : nil), .init("seam"),
      ])
      let shown = cuts.prefix(cutsPerBorder ?? cuts.count)
      for cut in shown {
        table.rows.append([cut.location.text, cut.symbol, cut.kind.name, cut.seam.title])
      }
      lines += table.lines(width: width - 4, style: style).dropFirst().map { "    " + $0 }
      if shown.count < cuts.count {
        lines.append(style.dim("    and \(cuts.count - shown.count) more (all in the JSON report)"))
      }
    }
    return lines
  }

  private struct Border: Hashable {
    var from: String
    var to: String

    init(cut: Cut) {
      from = cut.fromService
      to = cut.toService
    }

    func place(_ orders: [String: Int]) -> (Int, Int, String) {
      let (first, second) = (orders[from] ?? .max, orders[to] ?? .max)
      return (min(first, second), max(first, second), from)
    }
  }
}

extension Location {
  var text: String { "\(file):\(line):\(column)" }
}

extension Reference.Tier {
  var title: String {
    switch self {
    case .syntax: "syntax"
    case .compilerIndex: "compiler index"
    case .buildIndex: "build index"
    }
  }
}

extension Cut.Seam {
  /// The seam in a sentence that begins with "replace it by".
  var phrase: String {
    switch self {
    case .apiCall: "a call of its API"
    case .event: "an event"
    case .moveType: "moving the type or the member"
    case .splitTable: "splitting the table"
    case .copy: "a copy on each side"
    case .ownInstance: "an instance of its own"
    }
  }
}
