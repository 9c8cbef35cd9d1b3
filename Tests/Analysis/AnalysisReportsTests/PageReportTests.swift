// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import Crypto
import DependencyGraph
import Foundation
import SampleModels
import Testing

@Suite struct PageReportTests {
  private static let study = BoundaryAnalysis().study(SampleShop.model)

  @Test func `the page answers the questions in sentences`() {
    let page = PageReport(title: "shop").render(Self.study)
    #expect(page.contains("Extract <b>shipments</b> first"))
    // Shipments and orders need each other; nothing has fewer problems.
    #expect(page.contains("<b>Fewest problems: 1</b>"))
    #expect(page.contains("<b>3 places</b> <span>in 2 files</span>"))
    #expect(page.contains("<p>1 by API call, 2 by event. Most of it with "))
    #expect(page.contains("<b>Sure</b> <span>100 % of its border holds under noise</span>"))
    #expect(page.contains("<p>All 6 types keep their place in 32 noisy runs. <a"))
    #expect(page.contains("the one that OrderService.checkout opens writes 3 tables"))
    #expect(page.contains("Sources/App/Services/OrderService.swift:15:3"))
  }

  @Test func `it loads nothing, and its policy names its own script and style by hash`() throws {
    let page = PageReport(title: "shop").render(Self.study)
    #expect(!page.contains("http:") || page.contains("http://www.w3.org/2000/svg"))
    #expect(!page.contains(" src=") && !page.contains("url(http") && !page.contains("@import"))
    #expect(!page.contains(" style=") && !page.contains(" onclick="))
    for (name, tag) in [("script-src", "<script>"), ("style-src", "<style>")] {
      let body = try #require(page.components(separatedBy: tag).dropFirst().first)
        .components(separatedBy: "</")[0]
      let hash = Data(SHA256.hash(data: Data(body.utf8))).base64EncodedString()
      #expect(page.contains("\(name) 'sha256-\(hash)'"), "\(name)")
    }
    #expect(page.contains("default-src 'none'"))
  }

  @Test func `what sources hold stays text`() {
    var builder = SampleShop.builder()
    let name = "</script><script>alert(1)</script>"
    builder.type(name, folder: "App/Models")
    builder.refer("OrderService", name, .call, symbol: "<img src=x>", times: 3)
    builder.refer(name, "ShipmentService", .call, symbol: "<img src=x>")
    let page = PageReport(title: "<b>&\"'").render(BoundaryAnalysis().study(builder.model))
    #expect(page.contains("<title>Where to cut &lt;b&gt;&amp;&quot;&#39;</title>"))
    #expect(!page.contains("<script>alert") && !page.contains("<img"))
    #expect(page.contains("\\u003c/script>\\u003cscript>alert(1)"))
  }

  @Test func `every cut is counted, and the first of each border are listed`() throws {
    var study = Self.study
    let few = study.suggestion.cuts
    let all = Array(repeating: try #require(few.first), count: 6_000) + few
    study.suggestion.cuts = all
    struct Page: Decodable {
      struct Row: Decodable {
        let ends: [Int]
        init(from decoder: any Decoder) throws {
          var row = try decoder.unkeyedContainer()
          ends = [try row.decode(Int.self), try row.decode(Int.self)]
        }
      }
      let cuts: [Row]
      let borders: [[Int]]
      let cutsInAll: Int
    }
    let page = PageReport(title: "shop").render(study)
    let start = try #require(page.range(of: "id=\"data\">")?.upperBound)
    let end = try #require(page[start...].range(of: "</script>")?.lowerBound)
    let data = try JSONDecoder().decode(Page.self, from: Data(page[start..<end].utf8))
    #expect(all.count > 6_000 && data.cutsInAll == all.count)
    #expect(data.borders.map { $0[2] }.reduce(0, +) == all.count)
    #expect(data.cuts.count <= 5_000 && data.cuts.count > 4_900)
    #expect(Set(data.cuts.map(\.ends)) == Set(data.borders.map { Array($0[..<2]) }))
  }

  @Test func `files that were left out are said to be`() {
    var model = SampleShop.model
    #expect(
      PageReport(title: "").render(BoundaryAnalysis().study(model)).contains("Every file parsed."))
    for (index, id) in ["unreadable-file", "nesting-too-deep", "nesting-too-deep"].enumerated() {
      model.findings.append(
        Finding(
          id: id, severity: .warning, message: id,
          locations: [SourcePosition(file: FileID(min(index, 1)), line: index + 1, column: 1)]))
    }
    let study = BoundaryAnalysis().study(model)
    #expect(study.suggestion.coverage.leftOut == 2)
    let page = PageReport(title: "").render(study)
    #expect(page.contains("2 files were left out in whole or in part; the findings say why."))
    #expect(!page.contains("Every file parsed."))
    #expect(
      TextReport(width: 500).render(study.suggestion).contains(
        ", 2 files left out in whole or in part."))
  }

  @Test func `who has asked the compiler is not told to ask it`() {
    var model = SampleShop.model
    func text() -> String { TextReport(width: 2_000).render(BoundaryAnalysis().suggest(model)) }
    #expect(text().contains("from syntax alone, which `--index` or `--precise` would settle"))
    model.references[0].tier = .compilerIndex
    #expect(text().contains("from syntax alone, which `--index` after a build would settle"))
    model.references[0].tier = .buildIndex
    #expect(text().contains("from syntax alone, where the index of the build tells nothing"))
    model.references[0].tier = .syntax
    model.findings.append(Finding(id: "index-not-read", severity: .warning, message: "no"))
    #expect(text().contains("from syntax alone, because no index could be used"))
  }

  @Test func `nothing to divide is a page too`() {
    let page = PageReport(title: "empty").render(BoundaryAnalysis().study(CodeModel()))
    #expect(page.contains("There is nothing to divide."))
    var library = SampleShop.model
    (library.routes, library.jobs) = ([], [])
    let whole = PageReport(title: "library").render(BoundaryAnalysis().study(library))
    #expect(whole.contains("<b>Nothing to split</b> <span>No route that is answered"))
    #expect(whole.contains("There is nothing to divide.") && !whole.contains("If you split"))
    // No empty graph, matrix and cut list, and no program for them.
    for part in ["id=\"map\"", "id=\"cuts\"", "href=\"#cuts\"", "id=\"data\""] {
      #expect(!whole.contains(part) && !page.contains(part), "\(part)")
    }
  }
}
