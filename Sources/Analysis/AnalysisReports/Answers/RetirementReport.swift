// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Renders what of a monolith may go once a service has taken over.
package struct RetirementReport: Sendable {
  /// Columns to fill.
  package var width: Int
  /// Emphasis.
  package var style: TextStyle

  /// Places listed of one type; the JSON has all.
  private static let listedPlaces = 3

  /// Creates a renderer.
  package init(width: Int = 100, style: TextStyle = .plain) {
    self.width = width
    self.style = style
  }

  /// The answer first, then routes, files and what else to change, then what is not known; ends
  /// with a line break.
  package func text(_ plan: RetirementPlan) -> String {
    let doubts = plan.doubts.flatMap { wrapped("? \($0)", width: width, indent: "  ") }
    return TerminalText.document(
      sections: [
        wrapped(sentence(plan), width: width), routes(plan),
        files(plan, .dead, "Dead: delete these"),
        files(plan, .waiting, "Dead once their routes are the service's alone"),
        files(plan, .partly, "Partly dead: some of it stays"),
        files(plan, .used, "Still used by what stays"), edits(plan), tables(plan),
        list("Tests of what goes", plan.tests),
        doubts.isEmpty ? [] : [style.strong("Not known")] + doubts,
        plan.isOver ? [] : ["Nothing was changed."],
      ], style)
  }

  /// The answer in one sentence.
  package func sentence(_ plan: RetirementPlan) -> String {
    if plan.isOver { return "Nothing of \(plan.service) is left in the monolith." }
    let dead = plan.files.count { $0.fate == .dead }
    let sum =
      "\(counted(dead, "file")) with \(counted(plan.lines(.dead), "line")) "
      + "\(dead == 1 ? "is" : "are") dead"
    guard !plan.isReady else {
      return "\(plan.service) may be retired: \(sum), and nothing that stays needs any of it."
    }
    var reasons: [String] = []
    if !plan.openRoutes.isEmpty {
      reasons.append(
        "\(plan.openRoutes.count) of \(counted(plan.routes.count, "route")) are not the service's "
          + "alone")
    }
    if !plan.usedTypes.isEmpty {
      let places = plan.usedTypes.reduce(0) { $0 + $1.uses.count }
      reasons.append(
        "\(counted(plan.usedTypes.count, "type")) of it \(plan.usedTypes.count == 1 ? "is" : "are") "
          + "still used, at \(counted(places, "place"))")
    }
    return
      "\(plan.service) is not ready to be retired: \(reasons.joined(separator: ", and ")); \(sum)."
  }

  private func routes(_ plan: RetirementPlan) -> [String] {
    guard !plan.routes.isEmpty else { return [] }
    return [style.strong("Routes (\(plan.routes.count))")]
      + plan.routes.flatMap { route in
        let isOpen = !route.objections.isEmpty
        let mark = isOpen ? style.bad("no") : style.good("ok")
        let reasons = isOpen ? route.objections.joined(separator: "; ") : route.evidence
        return wrapped(
          "\(mark) \(route.method) \(route.path) of \(route.handler)"
            + "\(route.standing.route.map { ", route \($0)" } ?? ""): \(reasons)",
          width: width, indent: "  ")
      }
  }

  private func files(
    _ plan: RetirementPlan, _ fate: RetirementPlan.Fate, _ title: String
  ) -> [String] {
    let files = plan.files.filter { $0.fate == fate }
    guard !files.isEmpty else { return [] }
    return [
      style.strong(
        "\(title) (\(counted(files.count, "file")), \(counted(plan.lines(fate), "line")))")
    ]
      + files.flatMap { file in
        ["  \(file.path) (\(counted(file.lines, "line")))"] + lines(file)
          + file.doubts.flatMap { wrapped("? \($0)", width: width, indent: "    ") }
      }
  }

  private func lines(_ file: RetirementPlan.File) -> [String] {
    let plain = file.types.filter { $0.fate == .dead }.map(\.name)
    var lines =
      plain.isEmpty
      ? [] : wrapped("dead: \(plain.joined(separator: ", "))", width: width, indent: "    ")
    for type in file.types where type.fate == .waiting {
      lines += wrapped(
        "\(type.name) waits for \(type.routes.joined(separator: ", "))", width: width,
        indent: "    ")
    }
    for type in file.types where type.fate == .used {
      lines += uses(type.uses, of: type.name, needs: type.needs)
    }
    return lines + uses(file.uses, of: "an extension in it", needs: [])
  }

  private func uses(
    _ uses: [RetirementPlan.Use], of name: String, needs: [String]
  ) -> [String] {
    if uses.isEmpty {
      return needs.isEmpty
        ? []
        : wrapped(
          "\(name) stays for \(needs.joined(separator: ", "))", width: width, indent: "    ")
    }
    let rest = uses.count - Self.listedPlaces
    return wrapped(
      "\(name) is still used at \(counted(uses.count, "place"))", width: width, indent: "    ")
      + uses.prefix(Self.listedPlaces).map(place)
      + (rest > 0 ? [style.dim("      and \(counted(rest, "more place"))")] : [])
  }

  private func place(_ use: RetirementPlan.Use) -> String {
    style.dim(
      "      \(use.from) uses \(use.symbol)\(use.isGuess ? ", by its name alone" : ""): "
        + use.location.text)
  }

  private func edits(_ plan: RetirementPlan) -> [String] {
    guard !plan.edits.isEmpty else { return [] }
    return [style.strong("Lines that name what goes (\(plan.edits.count))")] + plan.edits.map(place)
  }

  private func tables(_ plan: RetirementPlan) -> [String] {
    guard !plan.tables.isEmpty else { return [] }
    return [style.strong("Tables (\(plan.tables.count))")]
      + plan.tables.flatMap { table in
        switch table.fate {
        case .dead: ["  \(table.name): nobody in the monolith uses it any more"]
        case .waiting, .partly: ["  \(table.name): only waiting code uses it"]
        case .used:
          [
            "  \(table.name): \(counted(table.uses.count, "statement")) stay, the first at "
              + (table.uses.first?.text ?? "")
          ]
        }
      }
  }

  private func list(_ title: String, _ names: [String]) -> [String] {
    names.isEmpty ? [] : [style.strong("\(title) (\(names.count))")] + names.map { "  " + $0 }
  }
}
