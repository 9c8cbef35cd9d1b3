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
    let verdict = suggestion.verdict
    // What comes before the colon is the answer, the rest its reason.
    let parts = verdict.reason.split(separator: ":", maxSplits: 1)
    let answer = parts.count == 2 ? String(parts[0]) : verdict.reason
    let reason = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
    html.markup(
      "<p class=\"panel verdict \(verdict.decision.rawValue)\"><b>\(HTMLText.escaped(answer))</b>"
        + (reason.isEmpty ? "" : " <span>\(HTMLText.escaped(capitalised(String(reason))))</span>")
        + "</p>")
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
    html.markup("<h2>\(title)</h2><div class=\"cards\">")
    let effort = service.effort
    card("Why this one", standing(of: service), nil, sentences.reasons, &html)
    card(
      "What must be cut", counted(effort.places, "place"), "in \(counted(effort.files, "file"))",
      [capitalised(sentences.priceParts), capitalised(sentences.partners)].filter { !$0.isEmpty }
        .joined(separator: " "), link: ("#cuts", "See each place"), &html)
    card(
      "What it takes", capitalised(effort.size.rawValue), counted(effort.points, "point"),
      capitalised(sentences.effortParts), &html)
    card(
      "How sure", capitalised(sentences.certainty),
      "\(percent(service.scores.stability)) of its border holds under noise",
      capitalised(sentences.briefConfidence), link: ("#doubts", "All doubts"), &html)
    html.markup("</div><dl>")
    for (term, text) in [
      ("What it answers", interface(service)),
      ("Cheapest way", capitalised(sentences.shortcut)),
      ("Beware", warnings(about: service)),
      ("Whom to ask", sentences.people),
    ] where !text.isEmpty {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.markup("</dl></section>")
    return html.text
  }

  /// How what blocks a service compares with the others, in a few words.
  private func standing(of service: Service) -> String {
    let blockers = service.blockers.count
    if blockers == 0 { return "Nothing blocks it" }
    func beatsAll(_ holds: (Service) -> Bool) -> Bool { suggestion.services.allSatisfy(holds) }
    if beatsAll({ $0.blockers.count >= blockers }) { return "Fewest problems: \(blockers)" }
    return beatsAll { $0.scores.stability <= service.scores.stability }
      ? "Firmest border" : counted(blockers, "problem") + " to solve first"
  }

  /// One of the answers that a reader wants first: a word or a number, and the sentence behind it.
  private func card(
    _ title: String, _ answer: String, _ unit: String?, _ text: String,
    link: (target: String, text: String)? = nil, _ html: inout HTMLText
  ) {
    html.markup("<div class=\"card\"><h3>\(HTMLText.escaped(title))</h3>")
    html.markup(
      "<p class=\"answer\"><b>\(HTMLText.escaped(answer))</b>"
        + (unit.map { " <span>\(HTMLText.escaped($0))</span>" } ?? "") + "</p>")
    html.markup(
      "<p>\(HTMLText.escaped(text))"
        + (link.map { " <a href=\"\($0.target)\">\($0.text)</a>" } ?? "") + "</p></div>")
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
      FindingRules.title(of: $0.key).lowercasedFirst + " ("
        + ($0.value.count == 1 ? $0.value[0].locations.first?.text ?? "1" : "\($0.value.count)")
        + ")"
    }
    return capitalised(titles.joined(separator: "; ")) + "."
  }

  func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  var navigation: String {
    let divided =
      isDivided ? "<a href=\"#map\">Who needs whom</a><a href=\"#cuts\">Cut list</a>" : ""
    return """
      <nav aria-label="Sections"><a href="#services">Services</a>\(divided)\
      <a href="#findings">Findings (\(suggestion.findings.count))</a>\
      <a href="#doubts">How sure we are</a></nav>

      """
  }

  /// Whether there are services, and so borders to look at.
  var isDivided: Bool { !suggestion.services.isEmpty && !suggestion.isWhole }

  /// For those who go by the keyboard.
  var skipLink: String {
    isDivided
      ? "<a class=\"skip\" href=\"#cuts\">To the cut list</a>"
      : "<a class=\"skip\" href=\"#findings\">To the findings</a>"
  }

  /// All services in the order of extraction, each to be opened.
  var services: String {
    var html = HTMLText()
    html.markup("<section id=\"services\" aria-label=\"Services\">")
    html.element("h2", "Services, in the order of extraction")
    guard isDivided else {
      html.markup("<p>There is nothing to divide.</p></section>")
      return html.text
    }
    html.markup(
      "<p class=\"lead\">Those that nothing blocks first, then the cheap ones; each step pays for "
        + "the cuts of the next. Open a service for what moves along.</p>")
    html.markup(serviceTable)
    html.markup("<button id=\"more-services\" type=\"button\" hidden></button>")
    let staying = RemainderSentences(suggestion).all
    if !staying.isEmpty { html.element("h3", "What stays") }
    for sentence in staying { html.element("p", sentence, "class=\"lead\"") }
    html.markup("</section>")
    return html.text
  }

  /// A row for each service, and one below it with everything that moves along. On a narrow screen
  /// the columns of the class `wide` are left out; the row below has their numbers too.
  private var serviceTable: String {
    var html = HTMLText()
    html.markup(
      "<div class=\"panel scroll\"><table aria-label=\"Services\"><thead><tr>"
        + "<th class=\"number\">#</th><th>service</th><th class=\"number wide\">types</th>"
        + "<th class=\"number wide\">routes</th><th class=\"number wide\">tables</th>"
        + "<th class=\"number wide\">of others</th><th class=\"number\">places to cut</th>"
        + "<th class=\"number wide\">contracts</th><th>effort</th>"
        + "<th class=\"wide\">stays inside</th><th>holds under noise</th></tr></thead><tbody>")
    for service in suggestion.services {
      let size = service.effort.size.rawValue
      let name = HTMLText.escaped(service.name)
      html.markup(
        "<tr class=\"service\"><td class=\"number\">\(service.order)</td>"
          + "<th scope=\"row\"><button type=\"button\" hidden aria-expanded=\"false\" "
          + "aria-label=\"What moves along with \(name)\"></button><b>\(name)</b></th>"
          + number(service.types.count, "wide") + number(service.routes.count, "wide")
          + number(service.tables.owned.count, "wide")
          + number(service.tables.shared.count, "wide") + number(service.effort.places)
          + number(service.effort.contracts, "wide")
          + "<td><span class=\"pill \(size)\">\(size)</span></td>"
          + "<td class=\"wide\">"
          + meter(service.scores.cohesion, low: 0.5, high: 0.75, "cohesion")
          + "</td><td>\(meter(service.scores.stability, low: 0.5, high: 0.8, "stability"))</td></tr>"
          + "<tr class=\"details\"><td></td><td colspan=\"10\">\(details(service))</td></tr>")
    }
    html.markup("</tbody></table></div>")
    return html.text
  }

  private func number(_ value: Int, _ style: String = "") -> String {
    "<td class=\"number\(style.isEmpty ? "" : " " + style)\">\(value)</td>"
  }

  private func meter(_ value: Double, low: Double, high: Double, _ label: String) -> String {
    "<meter min=\"0\" max=\"1\" low=\"\(low)\" high=\"\(high)\" optimum=\"1\" "
      + "value=\"\(decimal(value))\" aria-label=\"\(label) \(decimal(value))\"></meter> "
      + percent(value)
  }

  private func details(_ service: Service) -> String {
    let sentences = ServiceSentences(service, suggestion, cuts[service.name])
    var html = HTMLText()
    html.markup("<dl>")
    for (term, text) in [
      ("Why here", capitalised(service.reason) + "."),
      ("Cut", sentences.price), ("Cheapest way", sentences.shortcut),
      ("Effort", sentences.effort),
      ("Sure", sentences.confidence),
      ("Routes", service.routes.map { "\($0.method) \($0.path)" }.joined(separator: ", ")),
      ("Owns tables", service.tables.owned.joined(separator: ", ")),
      ("Uses tables of others", service.tables.shared.joined(separator: ", ")),
      ("Jobs", service.jobs.joined(separator: ", ")),
      ("Changed by", sentences.people),
      (
        counted(service.types.count, "type"),
        service.types.map(\.name).joined(separator: ", ")
      ),
      (
        counted(service.files.count, "file"),
        service.files.joined(separator: ", ")
      ),
    ] where !text.isEmpty {
      html.element("dt", term)
      html.element("dd", text)
    }
    html.markup("</dl>")
    return html.text
  }

  /// The graph, the opened service and the matrix, which the page's program draws.
  var map: String {
    guard isDivided else { return "" }
    return """
      <section id="map" aria-label="Who needs whom"><h2>Who needs whom</h2>
      <p class="lead">Choose a service to open it: what needs it, which of its types are in the way, \
      and what it needs. The cut list below follows. Arrow keys go from service to service.</p>
      <div class="halves"><div class="panel"><div id="graph"></div></div>\
      <div class="panel"><div id="opened" aria-live="polite"></div></div></div>
      <h3>All of it in numbers</h3>
      <p class="lead">A row needs a column; the number counts the places to cut. Open a service to \
      see its types, whose numbers count references. Choose a number to see its places below. \
      Arrow keys move in the matrix.</p>
      <div class="panel scroll" id="matrix"></div>\
      <noscript><p>The matrix, the graph and the cut list need JavaScript.</p></noscript>
      </section>

      """
  }

  /// The frame of the cut list.
  var cutList: String {
    guard isDivided else { return "" }
    return """
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
