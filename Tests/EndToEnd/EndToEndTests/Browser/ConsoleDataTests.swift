// SPDX-License-Identifier: Apache-2.0
import BadReleases
import Foundation
import Testing

/// The console's part about data in a real browser, before a real proxy and two stores.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ConsoleDataTests {
  private static let state =
    "document.querySelector('[data-mapping=orders] [aria-current=step]').textContent"

  @Test func `a mapping moves by clicks, is compared, and says what is missing`() async throws {
    let orders = try await MovingOrders()
    try await CutoverTests.Stage.running(adding: orders.section) { stage in
      try await Chromium.running { browser in
        let page = try await BrowserPage(in: browser)
        try await page.resize(width: 1280, height: 900)
        try await page.open("http://\(await stage.admin)/console")
        try await page.wait(until: "document.activeElement.id === 'token'")
        try await page.type(try stage.token())
        try await page.press("Enter", code: 13, text: "\r")
        try await page.wait(until: "document.querySelector('[data-mapping=orders]')")
        #expect(try await page.evaluate(Self.state) == "legacy-primary")
        try await Self.expectAnswer("plan", "50 rows in 1 chunk of 10,000, by number", page)
        try await page.screenshot("console-data-plan")
        try await Self.expectAnswer("check", "orders can run", page)
        #expect(
          try await page.evaluate(
            "document.querySelectorAll('[data-mapping=orders] .stages li').length") == 5)
        try await Self.order("advance", page)
        try await page.wait(until: "\(Self.state) === 'dual-write-legacy-reads'")
        // Without a backfill it does not go on, and the dialog says why.
        try await Self.order("advance", page)
        try await page.wait(
          until: "document.querySelector('#order-error').textContent"
            + ".includes('run strangler data backfill')")
        try await page.screenshot("console-data-refused")
        try await page.press("Escape", code: 27)
        let filled = try await Executable.strangler.run([
          "data", "backfill", "--config", stage.configuration,
        ])
        #expect(filled.exitCode == 0, "\(filled.errors)")
        try await orders.legacy.run("UPDATE orders SET cents = 1 WHERE id = 5")
        try await page.wait(
          until: "document.querySelector('[data-mapping=orders] .figure').textContent === 'lag 1'")
        try await Self.order("verify", page)
        try await page.wait(
          until: "document.querySelector('[data-mapping=orders]').textContent"
            + ".includes('50 rows of legacy, 50 of the new side')")
        for next in ["dual-write-new-reads", "new-primary"] {
          try await Self.order("advance", page)
          try await page.wait(until: "\(Self.state) === '\(next)'")
        }
        // The last step has no way back: it is no advance, and asks for the name.
        #expect(
          try await page.evaluate(
            "document.querySelector('[data-mapping=orders] [data-action=advance]').hidden"))
        try await Self.expectRetirementAsksForTheName(page)
        try await Self.order("retreat", page)
        try await page.wait(until: "\(Self.state) === 'dual-write-new-reads'")
        let decisions: String = try await page.evaluate(
          "document.querySelector('[data-mapping=orders] .decisions').textContent")
        #expect(decisions.contains("ann (127.0.0.1)") && decisions.contains("by a click"))
        try await Self.expectWhatIsLeft(page)
        try await Self.makeScreenshots(page)
        #expect(try await page.namelessControls() == [])
        #expect(page.complaints.filter { !$0.contains("409") } == [])
      }
    }
  }

  /// Asks something that changes nothing, and waits for words of the answer.
  private static func expectAnswer(
    _ question: String, _ words: String, _ page: BrowserPage
  ) async throws {
    try await page.click("[data-mapping=orders] [data-action=\(question)]")
    try await page.wait(
      until: "document.querySelector('[data-mapping=orders] .told').textContent"
        + ".includes('\(words)')")
  }

  private static func expectRetirementAsksForTheName(_ page: BrowserPage) async throws {
    try await page.wait(until: "!document.querySelector('#order').open")
    try await page.click("[data-mapping=orders] [data-action=retire]")
    try await page.wait(until: "document.activeElement.id === 'order-name'")
    try await page.type("order")
    try await page.click("#order-reason")
    try await page.type("by a click")
    try await page.click("#order-confirm")
    try await page.wait(
      until: "document.querySelector('#order-error').textContent"
        + ".includes('confirm has to be orders')")
    try await page.screenshot("console-data-retire")
    try await page.press("Escape", code: 27)
    #expect(try await page.evaluate(state) == "new-primary")
  }

  /// Gives an order by the dialog; reading the answer is up to who asks.
  private static func order(_ action: String, _ page: BrowserPage) async throws {
    try await page.wait(until: "!document.querySelector('#order').open")
    try await page.wait(
      until: "!document.querySelector('[data-mapping=orders] [data-action=\(action)]').hidden")
    try await page.click("[data-mapping=orders] [data-action=\(action)]")
    try await page.wait(until: "document.querySelector('#order').open")
    try await page.type("by a click")
    try await page.click("#order-actor")
    let isNamed: Bool = try await page.evaluate(
      "document.querySelector('#order-actor').value !== ''")
    if !isNamed { try await page.type("ann") }
    try await page.click("#order-confirm")
  }

  private static func expectWhatIsLeft(_ page: BrowserPage) async throws {
    for (measure, words) in [
      ("routes", "0 of 2 routes extracted"), ("traffic", "Not known yet"),
      ("tables", "0 of 1 tables extracted (0\u{00a0}%), 1 under way"),
    ] {
      // The feed brings it, some time after the answer to the order.
      let text = "document.querySelector('[data-measure=\(measure)]').textContent"
      try await page.wait(until: "\(text).includes('\(words)')")
    }
  }

  private static func makeScreenshots(_ page: BrowserPage) async throws {
    for (name, width, scheme) in [
      ("console-data-light", 1280, "light"), ("console-data-dark", 1280, "dark"),
      ("console-data-400-pixels", 400, "light"),
    ] {
      try await page.resize(width: width, height: 900)
      try await page.prefer(scheme)
      let needed: Int = try await page.evaluate("document.documentElement.scrollWidth")
      #expect(needed <= width, "\(name) does not fit")
      try await page.screenshot(name)
    }
  }
}
