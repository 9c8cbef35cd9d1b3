// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Renders what moves and merges would change.
package struct WhatIfReport: Sendable {
  /// Columns to fill.
  package var width: Int
  /// Emphasis.
  package var style: TextStyle

  /// Places listed on each side; the JSON has all.
  private static let listed = 10

  /// Creates a renderer.
  package init(width: Int = 100, style: TextStyle = .plain) {
    self.width = width
    self.style = style
  }

  /// Tables of the differences; ends with a line break.
  package func text(_ answer: WhatIfAnswer) -> String {
    var sections: [[String]] = [wrapped(sentence(answer), width: width), measures(answer)]
    if !answer.services.isEmpty { sections.append(services(answer)) }
    sections.append(places("More to cut", answer.newCuts))
    sections.append(places("No longer to cut", answer.savedCuts))
    sections.append(findings("New findings", answer.newFindings))
    sections.append(findings("Findings that go", answer.goneFindings))
    return TerminalText.document(sections: sections, style)
  }

  private func sentence(_ answer: WhatIfAnswer) -> String {
    let (before, after) = (answer.before.places, answer.after.places)
    let change =
      after == before
      ? "The number of places to cut stays at \(before)"
      : "\(counted(after, "place")) to cut instead of \(before), "
        + "\(abs(after - before)) \(after < before ? "fewer" : "more")"
    return change + "; modularity \(decimal(answer.before.modularity)) becomes "
      + "\(decimal(answer.after.modularity))."
      + answer.notes.map { " " + $0 }.joined()
  }

  private func measures(_ answer: WhatIfAnswer) -> [String] {
    var table = TextTable([
      .init("measure", isFlexible: true), .init("now", .right), .init("then", .right),
      .init("change", .right),
    ])
    for measure in Self.measures(answer) {
      table.rows.append([
        measure.title, measure.shown(measure.before), measure.shown(measure.after),
        measure.change,
      ])
    }
    return table.lines(width: width, style: style)
  }

  private struct Measure {
    var key: String
    var title: String
    var before: Double
    var after: Double
    var isWhole = true

    func shown(_ value: Double) -> String { isWhole ? "\(Int(value))" : decimal(value) }

    var change: String {
      // Of the numbers as they are shown, so that they add up.
      func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
      let difference = isWhole ? after - before : hundredths(after) - hundredths(before)
      let text = shown(difference)
      return difference > 0 && text != shown(0) ? "+" + text : text
    }
  }

  private static func measures(_ answer: WhatIfAnswer) -> [Measure] {
    func whole(
      _ key: String, _ title: String, _ value: (WhatIfAnswer.Measures) -> Int
    ) -> Measure {
      Measure(
        key: key, title: title, before: Double(value(answer.before)),
        after: Double(value(answer.after)))
    }
    return [
      whole("services", "services", \.services),
      whole("references", "references between types of services", \.references),
      whole("crossingReferences", "references to cut", \.crossingReferences),
      whole("crossingTableUses", "uses of foreign tables to cut", \.crossingTableUses),
      whole("kernelReferences", "references out of the shared kernel to cut", \.kernelReferences),
      whole("contracts", "contracts to design", \.contracts),
      whole("mutualPairs", "pairs of services that need each other", \.mutualPairs),
      whole("warnings", "warnings", \.warnings),
      Measure(
        key: "modularity", title: "modularity", before: answer.before.modularity,
        after: answer.after.modularity, isWhole: false),
    ]
  }

  private func services(_ answer: WhatIfAnswer) -> [String] {
    var table = TextTable([
      .init("service", isFlexible: true), .init("types", .right), .init("places to cut", .right),
      .init("cohesion", .right), .init("coupling", .right, leaves: 2),
      .init("instability", .right, leaves: 1),
    ])
    for change in answer.services {
      func cell(_ value: (WhatIfAnswer.ServiceChange.Side) -> String) -> String {
        let (before, after) = (change.before.map(value) ?? "-", change.after.map(value) ?? "-")
        return before == after ? before : "\(before) -> \(after)"
      }
      table.rows.append([
        change.name, cell { "\($0.types)" }, cell { "\($0.places)" },
        cell { decimal($0.cohesion) }, cell { decimal($0.coupling) },
        cell { decimal($0.instability) },
      ])
    }
    return table.lines(width: width, style: style)
  }

  private func places(_ title: String, _ cuts: [Cut]) -> [String] {
    guard !cuts.isEmpty else { return [] }
    var table = TextTable([
      .init("place", isFlexible: true, keepsEnd: true), .init("from", isFlexible: true),
      .init("to", isFlexible: true), .init("symbol", isFlexible: true), .init("kind"),
    ])
    for cut in cuts.prefix(Self.listed) {
      table.rows.append([
        cut.location.text, cut.fromService, cut.toService, cut.symbol, cut.kind.name,
      ])
    }
    let rest = cuts.count - Self.listed
    return [style.strong("\(title) (\(counted(cuts.count, "place")))")]
      + table.lines(width: width - 2, style: style).map { "  " + $0 }
      + (rest > 0 ? [style.dim("  and \(rest) more (all in the JSON)")] : [])
  }

  private func findings(_ title: String, _ findings: [LocatedFinding]) -> [String] {
    guard !findings.isEmpty else { return [] }
    return [style.strong(title)]
      + findings.flatMap {
        wrapped("\($0.severity.rawValue) \($0.id): \($0.message)", width: width, indent: "  ")
      }
  }

  /// The same as a JSON document with the schema `strangler.what-if/1`.
  package func json(_ answer: WhatIfAnswer) -> String {
    func number(_ measure: Measure, _ value: Double) -> JSONValue {
      measure.isWhole ? .integer(Int(value)) : .number(value)
    }
    let measures = Self.measures(answer)
    return JSONValue.object([
      ("schema", .string("strangler.what-if/1")),
      ("notes", .strings(answer.notes)),
      ("before", .object(measures.map { ($0.key, number($0, $0.before)) })),
      ("after", .object(measures.map { ($0.key, number($0, $0.after)) })),
      ("change", .object(measures.map { ($0.key, number($0, $0.after - $0.before)) })),
      (
        "services",
        .array(
          answer.services.map {
            .object([
              ("name", .string($0.name)), ("before", side($0.before)), ("after", side($0.after)),
            ])
          })
      ),
      ("newCuts", .array(answer.newCuts.map(\.json))),
      ("savedCuts", .array(answer.savedCuts.map(\.json))),
      ("newFindings", .array(answer.newFindings.map(\.json))),
      ("goneFindings", .array(answer.goneFindings.map(\.json))),
    ]).text
  }

  private func side(_ side: WhatIfAnswer.ServiceChange.Side?) -> JSONValue {
    guard let side else { return .null }
    return .object([
      ("types", .integer(side.types)), ("places", .integer(side.places)),
      ("cohesion", .number(side.cohesion)), ("coupling", .number(side.coupling)),
      ("instability", .number(side.instability)),
    ])
  }
}

extension WhatIfAnswer.Measures {
  /// All that is to be cut.
  fileprivate var places: Int { crossingReferences + crossingTableUses + kernelReferences }
}
