// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

extension PageSections {
  /// Findings open up to this many places each.
  private static let places = 20
  /// Findings of one kind that are listed at once.
  private static let listed = 4

  /// What to beware of, worst first.
  var findings: String {
    var html = HTMLText()
    html.markup("<section id=\"findings\" aria-label=\"Findings\"><h2>What to beware of</h2>")
    guard !suggestion.findings.isEmpty else {
      html.markup("<p>Nothing was found.</p></section>")
      return html.text
    }
    var order: [String] = []
    let groups = Dictionary(grouping: suggestion.findings, by: \.id)
    // Findings stand worst first; so do their kinds.
    for id in suggestion.findings.map(\.id) where !order.contains(id) { order.append(id) }
    html.markup("<div class=\"panel\">")
    for id in order {
      let found = groups[id] ?? []
      let severity = found[0].severity.rawValue
      html.markup(
        "<h3><span class=\"pill \(severity)\">\(severity)</span> "
          + "\(HTMLText.escaped(FindingRules.title(of: id)))"
          + (found.count > 1 ? " <span class=\"quiet\">\(found.count)</span>" : "") + "</h3>")
      html.element("p", FindingRules.help(of: id), "class=\"lead\"")
      // One alone is no list to unfold.
      let shown = found.count > Self.listed + 1 ? Self.listed : found.count
      for finding in found.prefix(shown) { html.markup(details(finding)) }
      if shown < found.count {
        html.markup("<details><summary>\(found.count - shown) more of this kind</summary>")
        for finding in found.dropFirst(shown) { html.markup(details(finding)) }
        html.markup("</details>")
      }
    }
    html.markup("</div></section>")
    return html.text
  }

  private func details(_ finding: LocatedFinding) -> String {
    var html = HTMLText()
    html.markup("<details><summary>\(HTMLText.escaped(finding.message))</summary><ul>")
    for location in finding.locations.prefix(Self.places) {
      html.markup("<li><code>\(HTMLText.escaped(location.text))</code></li>")
    }
    html.markup("</ul></details>")
    return html.text
  }

  /// What of the files is not in the analysis.
  private static func missing(_ coverage: Coverage) -> String {
    var sentences: [String] = []
    let failures = coverage.parseFailures
    if failures > 0 {
      sentences.append(
        "\(counted(failures, "file")) did not parse and \(failures == 1 ? "is" : "are") missing "
          + "in part.")
    }
    if coverage.leftOut > 0 {
      sentences.append(
        "\(counted(coverage.leftOut, "file")) \(coverage.leftOut == 1 ? "was" : "were") left out "
          + "in whole or in part; the findings say why.")
    }
    return sentences.isEmpty ? "Every file parsed." : sentences.joined(separator: " ")
  }

  /// How the division was made and how well it holds.
  var doubts: String {
    let quality = suggestion.quality
    let coverage = suggestion.coverage
    let sentences = DoubtSentences(suggestion)
    let crossing = Double(quality.crossingReferences) / Double(max(1, quality.references))
    let tiers = coverage.tiers.map { "\($0.references) by \($0.name.title)" }
      .joined(separator: ", ")
    var html = HTMLText()
    html.markup("<section id=\"doubts\" aria-label=\"How sure we are\"><h2>How sure we are</h2>")
    html.markup("<div class=\"panel\">")
    for (term, text) in [
      (
        "Read",
        "\(counted(coverage.files, "file")), \(counted(coverage.lines, "line")), "
          + "\(counted(coverage.types, "type")), "
          + "references found: \(tiers.isEmpty ? "none" : tiers). "
          + Self.missing(coverage)
      ),
      (
        "Borders hold",
        suggestion.isWhole
          ? ""
          : "\(counted(quality.runs, "run")) with noise on every weight agree with the borders at "
            + "\(decimal(quality.stability)) of 1 (adjusted Rand index; 0 is chance)."
      ),
      (
        "Areas are apart",
        suggestion.isWhole
          ? ""
          : "Modularity \(decimal(quality.modularity)); above 0.3 the code falls into areas at "
            + "all. "
            + "\(percent(1 - crossing)) of \(counted(quality.references, "reference")) stay inside "
            + "a service."
      ),
      ("References", capitalised(sentences.references)),
      ("Cuts that may be none", capitalised(sentences.uncertainCuts)),
      (
        "In doubt",
        sentences.placements(most: 12)
          + (suggestion.doubts.placements.isEmpty
            ? "" : " Ask `strangler analyze explain` why they are where they are.")
      ),
      ("Tied by nothing", sentences.untied),
      (
        "Shared kernel",
        suggestion.sharedKernel.isEmpty
          ? ""
          : "A library for all services: " + suggestion.sharedKernel.joined(separator: ", ") + "."
      ),
      (
        "Wiring",
        suggestion.compositionRoots.isEmpty
          ? ""
          : "Each service gets its own: " + suggestion.compositionRoots.joined(separator: ", ")
            + "."
      ),
      ("Routes of no service", RemainderSentences(suggestion).routesOfNoService),
      (
        "Not seen",
        "What only runs: reflection, names built at run time, configuration, how often a place is "
          + "passed. Meaning: names and shapes are all that the analysis knows."
      ),
    ] where !text.isEmpty {
      html.markup("<h3>\(HTMLText.escaped(term))</h3>")
      html.element("p", text)
    }
    html.markup("</div></section>")
    return html.text
  }
}
