// SPDX-License-Identifier: Apache-2.0

extension ShadowReport {
  /// The report as one HTML file with the kept pairs of answers side by side.
  ///
  /// - Parameter pairs: pairs by the numbers that `Path.pairs` names; others are left out.
  public func html(pairs: [Int64: ShadowPair]) -> String {
    var page = HTMLPage()
    page.add("h1", "Shadow comparison")
    if let heading { page.add("p", heading, class: "quiet") }
    page.add(
      "p",
      "\(comparisons) comparisons; legacy was asked again \(reasks) times to tell noise from "
        + "behaviour"
        + (reasksOverBudget > 0
          ? ", and \(reasksOverBudget) times more than the budget allows" : "")
    )
    if droppedComparisons > 0 {
      page.add("p", "\(droppedComparisons) comparisons of endpoints beyond the limit were dropped")
    }
    page.add(
      "p", hasDifferences ? "There are differences to look at." : "No real difference was found.",
      class: hasDifferences ? "label real" : "label")
    for endpoint in endpoints { endpoint.write(to: &page, pairs: pairs) }
    return page.text(title: "Shadow comparison")
  }
}

extension ShadowPair {
  /// The pair as one HTML file.
  public func html(number: Int64) -> String {
    var page = HTMLPage()
    page.add("h1", "Pair \(number)")
    write(to: &page)
    return page.text(title: "Pair \(number)")
  }

  /// Both answers side by side.
  fileprivate func write(to page: inout HTMLPage) {
    page.open("p")
    page.add("code", request)
    page.close("p")
    page.open("table")
    page.open("tr")
    page.add("th", "legacy")
    page.add("th", "extracted")
    page.close("tr")
    for row in SideBySide(legacy: legacy.lines, extracted: extracted.lines).excerpt(context: 3) {
      page.open("tr")
      switch row {
      case nil:
        page.add("td", "...", class: "quiet")
        page.add("td", "...", class: "quiet")
      case .same(let line):
        page.add("td", line)
        page.add("td", line)
      case .changed(let legacy, let extracted):
        page.add("td", legacy ?? "", class: legacy == nil ? nil : "minus")
        page.add("td", extracted ?? "", class: extracted == nil ? nil : "plus")
      }
      page.close("tr")
    }
    page.close("table")
  }
}

extension ShadowReport.Endpoint {
  fileprivate func write(to page: inout HTMLPage, pairs: [Int64: ShadowPair]) {
    page.add("h2", name)
    page.add("p", headline)
    for line in [latencyLine, dropLine].compactMap({ $0 }) { page.add("p", line) }
    if dropped > 0 { page.add("p", "\(dropped) differences beyond the limits are not listed") }
    for path in paths { path.write(to: &page, pairs: pairs) }
  }
}

extension ShadowReport.Path {
  fileprivate func write(to page: inout HTMLPage, pairs: [Int64: ShadowPair]) {
    page.open("article")
    page.open("p")
    page.add("span", label.rawValue, class: "label \(label.rawValue)")
    page.add("code", pathKind.path.description)
    page.add("span", "(\(pathKind.kind.rawValue)), \(count) times; \(triples)")
    page.close("p")
    if let approval {
      page.add("p", "approved as noise by \(approval.actor): \(approval.reason)", class: "quiet")
    }
    page.open("table")
    page.open("tr")
    page.add("td", example.legacy ?? "(nothing)", class: "minus")
    page.add("td", example.extracted ?? "(nothing)", class: "plus")
    page.close("tr")
    page.close("table")
    for number in self.pairs {
      guard let pair = pairs[number] else { continue }
      page.open("details")
      page.add("summary", "pair \(number)")
      pair.write(to: &page)
      page.close("details")
    }
    page.close("article")
  }
}
