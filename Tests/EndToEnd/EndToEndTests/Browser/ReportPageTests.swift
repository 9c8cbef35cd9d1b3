// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The analysis as one page, in a real browser.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct ReportPageTests {
  private static let ready = "document.documentElement.dataset.ready === 'true'"

  @Test func `the page of the monolith says what to do, fits, and complains about nothing`()
    async throws
  {
    try await Self.report(of: AnalyzeTests.monolith) { page in
      let title: String = try await page.evaluate(
        "document.querySelector('.first h2').textContent")
      #expect(title.hasPrefix("Extract "))
      // The answer stands on the first screen.
      #expect(
        try await page.evaluate(
          "document.querySelector('.first').getBoundingClientRect().bottom <= 900"))
      for (name, width, scheme) in [
        ("report-light", 1280, "light"), ("report-dark", 1280, "dark"),
        ("report-400-pixels", 400, "light"),
      ] {
        try await page.resize(width: width, height: 900)
        try await page.prefer(scheme)
        let needed: Int = try await page.evaluate("document.documentElement.scrollWidth")
        #expect(needed <= width, "\(name) does not fit")
        try await page.screenshot(name)
      }
      #expect(try await page.namelessControls() == [])
      #expect(page.complaints == [])
    }
  }

  @Test func `the keyboard opens a service, walks the matrix and filters the cuts`() async throws {
    try await Self.report(of: AnalyzeTests.monolith) { page in
      let all: Int = try await page.evaluate("data.cuts.length")
      let collapsed: Int = try await page.evaluate("document.querySelectorAll('.matrix tr').length")
      #expect(collapsed == (try await page.evaluate("data.services.length + 1")))
      #expect(
        try await page.evaluate("(document.querySelector('.matrix th button').focus(), true)"))
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelectorAll('.matrix tr').length > \(collapsed)")
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelectorAll('.matrix tr').length === \(collapsed)")

      #expect(
        try await page.evaluate(
          "(document.querySelector('.matrix td button[tabindex=\"0\"]').focus(), true)"))
      let before: String = try await page.evaluate("document.activeElement.title")
      try await page.press("ArrowDown", code: 40)
      let after: String = try await page.evaluate("document.activeElement.title")
      #expect(before != after && after.contains(" needs "))
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelector('#from').value !== ''")
      let shown: Int = try await page.evaluate(
        "document.querySelectorAll('#cuts tbody tr').length")
      #expect(shown > 0 && shown < all)
      #expect(
        try await page.evaluate(
          "document.querySelector('#cut-count').textContent.includes('of \(all) in all')"))
      try await page.screenshot("report-filtered")

      try await Self.focus("#graph .node[data-service='1']", page)
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelector('#either').value === '1'")
      try await page.wait(until: "document.querySelectorAll('#graph .edge.near').length > 0")
      #expect(page.complaints == [])
    }
  }

  @Test func `two thousand types stay readable`() async throws {
    let scratch = try Scratch()
    try Self.writeLargeMonolith(into: scratch)
    try await Self.report(of: scratch.path) { page in
      #expect(try await page.evaluate("data.types.length >= 2000"))
      // Services first: the matrix is as large as their number.
      #expect(
        try await page.evaluate(
          "document.querySelectorAll('.matrix tbody tr').length === data.services.length"))
      #expect(try await page.evaluate("data.services.length <= 40"))
      #expect(
        try await page.evaluate("document.documentElement.scrollWidth <= 1280"))
      #expect(
        try await page.evaluate("document.querySelectorAll('#cuts tbody tr').length <= 100"))
      try await page.screenshot("report-2000-types")
      try await page.click(".matrix th button")
      try await page.wait(
        until: "document.querySelectorAll('.matrix tbody tr').length > data.services.length")
      // An open service shows a page of its types, not hundreds.
      #expect(
        try await page.evaluate(
          "document.querySelectorAll('.matrix tbody tr').length <= data.services.length + 41"))
      #expect(page.complaints == [])
    }
  }

  private static func focus(_ selector: String, _ page: BrowserPage) async throws {
    let expression = "(document.querySelector(\(BrowserPage.quoted(selector))).focus(), true)"
    #expect(try await page.evaluate(expression))
  }

  /// Twelve areas of 168 types each that call their own and now and then the next one.
  private static func writeLargeMonolith(into scratch: Scratch) throws {
    let areas = [
      "Catalogue", "Customer", "Cart", "Order", "Payment", "Inventory", "Shipping", "Notice",
      "Pricing", "Loyalty", "Supplier", "Invoice",
    ]
    for (number, area) in areas.enumerated() {
      let next = areas[(number + 1) % areas.count]
      for index in 0..<168 {
        let near = (index + 1) % 168
        let far = (index * 7 + 3) % 168
        var text = """
          final class \(area)Part\(index) {
            let near: \(area)Part\(near)
            init(near: \(area)Part\(near)) { self.near = near }
            func work(_ far: \(area)Part\(far)) { far.rest(); near.rest() }
            func rest() {}

          """
        if index % 20 == 0 { text += "  func ask(_ other: \(next)Part\(far)) { other.rest() }\n" }
        try scratch.write(text + "}\n", to: "Sources/Shop/\(area)/\(area)Part\(index).swift")
      }
    }
  }

  private static func report(
    of sources: String, _ body: (BrowserPage) async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/report.html"
    let outcome = try await Executable.strangler.run([
      "analyze", sources, "--format", "html", "--output", file,
    ])
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    try await Chromium.running { browser in
      let page = try await BrowserPage(in: browser)
      try await page.resize(width: 1280, height: 900)
      try await page.open("file://" + file)
      try await page.wait(until: ready)
      try await body(page)
    }
  }
}
