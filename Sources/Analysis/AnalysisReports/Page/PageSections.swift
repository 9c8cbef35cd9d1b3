// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// The page's sections, in the order of the questions that a reader has.
struct PageSections {
  let suggestion: BoundarySuggestion
  private let cuts: CutsByService

  init(_ suggestion: BoundarySuggestion) {
    self.suggestion = suggestion
    cuts = CutsByService(suggestion.cuts)
  }

  /// The verdict, and the service to extract first.
  var summary: String {
    var html = HTMLText()
    let decision = suggestion.verdict.decision
    html.element(
      "p", suggestion.verdict.reason, "class=\"panel verdict \(decision.rawValue)\"")
    if let first = suggestion.services.first, !suggestion.isWhole {
      html.markup(firstService(first))
    }
    return html.text
  }

  private func firstService(_ service: Service) -> String {
    let sentences = ServiceSentences(service, suggestion, cuts[service.name])
    let name = HTMLText.escaped(service.name)
    let title =
      suggestion.verdict.decision == .split
      ? "Extract <b>\(name)</b> first" : "If you split nevertheless: <b>\(name)</b> first"
    var html = HTMLText()
    html.markup("<section class=\"panel first\" aria-label=\"The first service\">")
    html.markup("<h2>\(title)</h2><dl>")
    for (term, text) in [
      (
        "Why this one",
        sentences.reasons
      ),
      ("What it answers", interface(service)),
      (
        "What must be cut",
        [capitalised(sentences.price), capitalised(sentences.partners)]
          .filter { !$0.isEmpty }.joined(separator: " ")
      ),
      ("Cheapest way", capitalised(sentences.shortcut)),
      ("Effort", capitalised(sentences.effort)),
      ("Beware", warnings(about: service)),
      (
        "How sure",
        "\(capitalised(sentences.certainty)): \(sentences.confidence)"
      ),
      ("Whom to ask", sentences.people),
    ] where !text.isEmpty {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.markup("</dl><div class=\"figures\">")
    let effort = service.effort
    for (value, label) in [
      (
        "\(service.types.count)",
        "\(service.types.count == 1 ? "type" : "types") in \(counted(service.files.count, "file"))"
      ),
      (
        "\(effort.places)",
        "\(effort.places == 1 ? "place" : "places") to cut in \(counted(effort.files, "file"))"
      ),
      (
        "\(effort.contracts)",
        "\(effort.contracts == 1 ? "contract" : "contracts") to design (API calls, events)"
      ),
      ("\(effort.tables)", "\(effort.tables == 1 ? "table" : "tables") used on both sides"),
      (percent(service.scores.stability), "of its border holds under noise"),
      (effort.size.rawValue, "effort, from these counts"),
    ] {
      html.markup(
        "<div><b>\(HTMLText.escaped(value))</b><span>\(HTMLText.escaped(label))</span></div>")
    }
    html.markup("</div></section>")
    return html.text
  }

  private func interface(_ service: Service) -> String {
    let most = 6
    let routes = service.routes.prefix(most).map { "\($0.method) \($0.path)" }
    let more = service.routes.count - routes.count
    var parts: [String] = []
    if !routes.isEmpty {
      parts.append(
        routes.joined(separator: ", ") + (more > 0 ? " and \(counted(more, "more route"))" : ""))
    }
    if !service.tables.owned.isEmpty {
      parts.append(
        "it owns the \(service.tables.owned.count == 1 ? "table" : "tables") "
          + service.tables.owned.joined(separator: ", "))
    }
    return parts.isEmpty ? "" : parts.joined(separator: "; ") + "."
  }

  /// Findings that name the service.
  private func warnings(about service: Service) -> String {
    let named = suggestion.findings.filter { finding in
      finding.severity >= .warning
        && finding.message.split(whereSeparator: { " ,:;.()".contains($0) })
          .contains(Substring(service.name))
    }
    guard !named.isEmpty else { return "" }
    let titles = Dictionary(grouping: named, by: \.id).sorted { $0.key < $1.key }.map {
      FindingRules.title(of: $0.key).lowercasedFirst
        + ($0.value.count > 1 ? " (\($0.value.count))" : "")
    }
    return capitalised(titles.joined(separator: "; ")) + "."
  }

  func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  var navigation: String {
    """
    <nav aria-label="Sections"><a href="#services">Services</a><a href="#map">Who needs whom</a>\
    <a href="#cuts">Cut list</a><a href="#findings">Findings (\(suggestion.findings.count))</a>\
    <a href="#doubts">How sure we are</a></nav>

    """
  }

  /// All services in the order of extraction, each to be opened.
  var services: String {
    var html = HTMLText()
    html.markup("<section id=\"services\" aria-label=\"Services\">")
    html.element("h2", "Services, in the order of extraction")
    guard !suggestion.services.isEmpty, !suggestion.isWhole else {
      html.markup("<p>There is nothing to divide.</p></section>")
      return html.text
    }
    html.markup(
      "<p class=\"lead\">Those that nothing blocks first, then the cheap ones; each step pays for "
        + "the cuts of the next. "
        + "Open a line for what moves along.</p>")
    html.markup(serviceTable)
    html.markup("<div class=\"panel\">")
    for service in suggestion.services { html.markup(details(service)) }
    html.markup("</div></section>")
    return html.text
  }

  private var serviceTable: String {
    var html = HTMLText()
    html.markup(
      "<div class=\"panel scroll\"><table aria-label=\"Services\"><thead><tr>"
        + "<th class=\"number\">#</th><th>service</th><th class=\"number\">types</th>"
        + "<th class=\"number\">routes</th><th class=\"number\">tables</th>"
        + "<th class=\"number\">of others</th><th class=\"number\">places to cut</th>"
        + "<th class=\"number\">contracts</th><th>effort</th>"
        + "<th>stays inside</th><th>holds under noise</th></tr></thead><tbody>")
    for service in suggestion.services {
      let numbers = [
        service.types.count, service.routes.count, service.tables.owned.count,
        service.tables.shared.count, service.effort.places, service.effort.contracts,
      ].map { "<td class=\"number\">\($0)</td>" }.joined()
      let size = service.effort.size.rawValue
      html.markup(
        "<tr><td class=\"number\">\(service.order)</td>"
          + "<td><b>\(HTMLText.escaped(service.name))</b></td>" + numbers
          + "<td><span class=\"pill \(size)\">\(size)</span></td>"
          + "<td>\(meter(service.scores.cohesion, low: 0.5, high: 0.75, "cohesion"))</td>"
          + "<td>\(meter(service.scores.stability, low: 0.5, high: 0.8, "stability"))</td></tr>")
    }
    html.markup("</tbody></table></div>")
    return html.text
  }

  private func meter(_ value: Double, low: Double, high: Double, _ label: String) -> String {
    "<meter min=\"0\" max=\"1\" low=\"\(low)\" high=\"\(high)\" optimum=\"1\" "
      + "value=\"\(decimal(value))\" aria-label=\"\(label) \(decimal(value))\"></meter> "
      + percent(value)
  }

  private func details(_ service: Service) -> String {
    let sentences = ServiceSentences(service, suggestion, cuts[service.name])
    var html = HTMLText()
    html.markup(
      "<details><summary><b>\(service.order). \(HTMLText.escaped(service.name))</b> "
        + "<span class=\"quiet\">\(HTMLText.escaped(service.reason))</span></summary><dl>")
    for (term, text) in [
      ("Cut", sentences.price), ("Cheapest way", sentences.shortcut),
      ("Effort", sentences.effort),
      ("Sure", sentences.confidence),
      ("Routes", service.routes.map { "\($0.method) \($0.path)" }.joined(separator: ", ")),
      ("Owns tables", service.tables.owned.joined(separator: ", ")),
      ("Uses tables of others", service.tables.shared.joined(separator: ", ")),
      ("Jobs", service.jobs.joined(separator: ", ")),
      ("Changed by", sentences.people),
      ("Types", service.types.map(\.name).joined(separator: ", ")),
      ("Files", service.files.joined(separator: ", ")),
    ] where !text.isEmpty {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.markup("</dl></details>")
    return html.text
  }

  /// The matrix and the graph, which the page's program draws.
  var map: String {
    """
    <section id="map" aria-label="Who needs whom"><h2>Who needs whom</h2>
    <p class="lead">A row needs a column; the number counts references. Open a service to see its \
    types. Choose a number, or a service in the graph, to see the places below. Arrow keys move \
    in the matrix.</p>
    <div class="halves"><div class="panel scroll" id="matrix"></div><div class="panel" id="graph">\
    </div></div><noscript><p>The matrix, the graph and the cut list need JavaScript.</p></noscript>
    </section>

    """
  }

  /// The frame of the cut list.
  var cutList: String {
    """
    <section id="cuts" aria-label="Cut list"><h2>What must be cut</h2>
    <p class="lead">Every reference and table use that crosses a border. When these are gone, \
    nothing crosses. The seam is a suggestion for a person to check.</p>
    <div class="panel"><div class="controls">
    <label>either side<select id="either"><option value="">any service</option></select></label>
    <label>from<select id="from"><option value="">any service</option></select></label>
    <label>to<select id="to"><option value="">any service</option></select></label>
    <label>replace by<select id="seam"><option value="">any seam</option></select></label>
    <label>search<input id="search" type="search" placeholder="type, symbol or file"></label>
    <button id="all" type="button">Show all</button></div>
    <p class="quiet" id="cut-count" role="status"></p>
    <div class="scroll"><table aria-label="Places to cut"><thead><tr><th>border</th><th>place</th>\
    <th>reference</th><th>kind</th><th>replace by</th></tr></thead><tbody></tbody></table></div>
    <button id="more" type="button" hidden>Show more</button></div></section>

    """
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
