// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import ShadowComparison

struct ReportFormatTests {
  private func evidence() -> ShadowEvidence {
    var evidence = ShadowEvidence()
    let comparison = Comparison(path: "<b>total</b>")
    _ = evidence.record(
      comparison, endpoint: "GET /a", times: AnswerTimes(legacy: 1_000, extracted: 4_000),
      draw: 0.5)
    for _ in 0..<12 {
      evidence.recordTriples([comparison.differences[0].pathKind: .extracted], endpoint: "GET /a")
    }
    evidence.recordDrop(.bodyTooLarge, endpoint: "GET /a")
    return evidence
  }

  @Test func jsonHoldsEverythingAndIsJSON() throws {
    var report = evidence().report()
    report.endpoints[0].paths[0].pairs = [4]
    guard case .object(let members) = try JSONParser.parse(Array(report.json.utf8)),
      case .array(let endpoints) = members["endpoints"],
      case .object(let endpoint) = endpoints.first,
      case .array(let paths) = endpoint["paths"], case .object(let path) = paths.first
    else {
      Issue.record("not the expected shape: \(report.json)")
      return
    }
    #expect(members["hasDifferences"] == .bool(true))
    #expect(endpoint["notCompared"] == .object(["body-too-large": .integer(1)]))
    #expect(path["path"] == .string("<b>total</b>"))
    #expect(path["label"] == .string("real"))
    #expect(path["pairs"] == .array([.integer(4)]))
    #expect(path["approval"] == .null)
  }

  @Test func htmlNeedsNothingElseAndEscapesEverything() {
    var report = evidence().report()
    report.endpoints[0].paths[0].pairs = [4]
    let nasty = "<script>alert('x')</script>&\"\u{0}"
    let shown = ShownAnswer(status: "200", headers: [], body: [nasty], isCut: false)
    let html = report.html(pairs: [
      4: ShadowPair(
        endpoint: "GET /a", request: "GET /a?<img>", comparedAt: 0, legacy: shown,
        extracted: ShownAnswer(status: "200", headers: [], body: ["fine"], isCut: false),
        differences: [])
    ])
    #expect(html.hasPrefix("<!doctype html>"))
    #expect(html.contains("&lt;b&gt;total&lt;/b&gt;"))
    #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{FFFD}"))
    for forbidden in ["<script", "<img", "<b>", "src=", "href=", "url(", "@import", "http:"] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    #expect(html.contains("prefers-color-scheme: dark"))
    #expect(html.contains("default-src 'none'"))
    for tag in ["article", "details", "table", "main", "p"] {
      let opened = html.ranges(of: "<\(tag)>").count + html.ranges(of: "<\(tag) ").count
      #expect(opened == html.ranges(of: "</\(tag)>").count, "\(tag)")
    }
  }

  @Test func textTellsLatencyAndWhatWasNotCompared() {
    let text = evidence().report().text()
    #expect(text.contains("  median 1.0 ms on legacy, 4.0 ms extracted; 95 % within 1.0 ms"))
    #expect(text.contains("  not compared: 1 body-too-large"))
  }
}

struct LatencyHistogramTests {
  @Test func bucketsFollowEachOtherWithoutGap() {
    var last = -1
    for time in [Array(0..<5_000), [1 << 20, 1 << 30, 1 << 36, Int.max]].joined() {
      let bucket = LatencyHistogram.bucket(of: time)
      #expect(bucket == last || bucket == last + 1 || time >= 5_000)
      #expect(bucket >= last)
      last = bucket
      guard time < 1 << 36 else { continue }
      let middle = Double(LatencyHistogram.middle(of: bucket))
      #expect(abs(middle - Double(time)) <= max(0.5, Double(time) / 8))
    }
  }

  @Test func quantilesAreNearestRanks() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    for time in 1...7 { histogram.add(microseconds: time) }
    #expect(histogram.quantile(0.5) == 4)
    #expect(histogram.quantile(1) == 7)
    #expect(histogram.quantile(0) == 1)
    var other = LatencyHistogram()
    other.add(microseconds: -5)
    histogram.merge(other)
    #expect(histogram.count == 8)
    #expect(histogram.quantile(0) == 0)
  }
}
