// SPDX-License-Identifier: Apache-2.0
import BadReleases
import Foundation
import Testing

/// The console in a real browser, before a real proxy with a plan under way.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ConsoleTests {
  private static let percent =
    "document.querySelector('[data-route=orders] .figure').dataset.percent"

  @Test func `a route goes back by a click, on the page and in the proxy`() async throws {
    try await Self.console { stage, page in
      try await page.wait(until: "\(Self.percent) === '50'")
      try await stage.send(requests: 200)
      try await page.wait(
        until: "document.querySelectorAll('[data-route=orders] .line.extracted[d*=M]').length === 3"
      )
      try await Self.makeScreenshots(page)
      #expect(try await page.namelessControls() == [])
      try await Self.expectPlainNumbers(page)
      try await page.click("[data-action=rollback]")
      try await page.wait(until: "document.querySelector('#order').open")
      try await page.screenshot("console-dialog")
      // What people write is text, whatever it looks like.
      try await page.type("customers call <img src=x onerror=alert(1)>")
      try await page.click("#order-actor")
      try await page.type("ann")
      try await page.click("#order-confirm")
      try await page.wait(until: "\(Self.percent) === '0'")
      try await page.wait(
        until: "document.querySelector('.entry .reason').textContent"
          + ".includes('customers call <img src=x')")
      #expect(try await page.evaluate("document.querySelector('#order').open") == false)
      #expect(
        try await page.evaluate(
          "document.querySelector('[data-cutover=orders] .pill').textContent") == "Rolled back")
      let why: String = try await page.evaluate(Self.why)
      #expect(why.hasPrefix("Taken back by ann (127.0.0.1) at "), "\(why)")
      #expect(why.hasSuffix(": customers call <img src=x onerror=alert(1)>."), "\(why)")
      let status = try await stage.status()
      #expect(status.phase == "rolled-back" && status.percent == 0)
      let before = stage.extracted.seen.requests
      try await stage.send(requests: 100)
      #expect(stage.extracted.seen.requests == before, "somebody was sent to the extracted side")
      try await page.screenshot("console-rolled-back")
      #expect(page.complaints == [])
    }
  }

  @Test func `a route that a gate took back says why, when and by which counts`() async throws {
    try await Self.console { stage, page in
      try await page.wait(until: "\(Self.percent) === '50'")
      stage.extracted.fail(ofEachHundred: 10)
      var sent = 0
      while try await stage.status().phase == "under-way" {
        try await stage.send(requests: 100)
        sent += 100
        try #require(sent < 20_000, "the gate did not fire")
      }
      try await page.wait(until: "\(Self.why).startsWith('Taken back automatically at ')")
      let why: String = try await page.evaluate(Self.why)
      #expect(why.contains(" of the journal: a gate fired: orders: errors: extracted "), "\(why)")
      let counts = try #require(why.firstMatch(of: #/extracted (\d+) of (\d+) /#), "\(why)")
      // The table has the same numbers, written as the page writes numbers.
      let row: String = try await page.evaluate(
        "[...document.querySelectorAll('[data-cutover=orders] details tbody tr')]"
          + ".find((row) => row.firstChild.textContent === 'errors').cells[2].textContent"
          + ".replaceAll(',', '')")
      #expect(row.hasSuffix("(\(counts.1) of \(counts.2))"), "\(row)")
      #expect(
        try await page.evaluate(
          "document.querySelector('[data-cutover=orders] summary').textContent")
          == "Gates when it was taken back")
      try await page.screenshot("console-taken-back")
      #expect(page.complaints == [])
    }
  }

  @Test func `the keyboard is enough, and a dialog that is left changes nothing`() async throws {
    try await Self.console { stage, page in
      try await page.wait(until: "document.querySelector('[data-action=pause]')")
      try await Self.tab(page, to: "pause")
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.activeElement.id === 'order-reason'")
      try await page.press("Escape", code: 27)
      try await page.wait(until: "document.activeElement.dataset.action === 'pause'")
      #expect(try await stage.status().isPaused == false)
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.activeElement.id === 'order-reason'")
      try await page.type("lunch")
      try await page.press("Tab", code: 9)
      try await page.type("ann")
      try await page.press("Enter", code: 13, text: "\r")
      // Pause is gone, so whoever stood on it stands on the cutover now.
      try await page.wait(until: "document.querySelector('[data-action=pause]').hidden")
      #expect(try await page.evaluate("document.activeElement.textContent") == "orders")
      #expect(try await stage.status().isPaused)
      #expect(page.complaints == [])
    }
  }

  @Test func `answers that differ stand side by side`() async throws {
    try await Self.console { stage, page in
      stage.extracted.fail(ofEachHundred: 50)
      let har = Repository.root.appending(path: "fixtures/traffic/shop-visit.har")
      let replay = try await Executable.strangler.run([
        "shadow", "replay", "--har", har.path(percentEncoded: false), "--evidence", stage.evidence,
        "--legacy", stage.origins.legacy, "--extracted", stage.origins.extracted,
      ])
      try #require(replay.exitCode == 0, "\(replay.errors)")
      try await page.wait(until: "document.querySelector('[aria-label^=\"Show pair\"]')")
      try await page.screenshot("console-shadow")
      try await page.click("[aria-label^='Show pair']")
      try await page.wait(until: "document.querySelectorAll('#pair-lines .gone').length > 0")
      #expect(
        try await page.evaluate("document.querySelector('#pair-lines .gone').textContent")
          == "\u{2212}200")
      #expect(
        try await page.evaluate("document.querySelector('#pair-lines .new').textContent") == "+500")
      try await page.screenshot("console-pair")
      try await Self.expectBothSidesOnNarrowPages(page)
      try await page.press("Escape", code: 27)
      try await page.wait(until: "!document.querySelector('#pair').open")
      #expect(page.complaints == [])
    }
  }

  @Test func `a wrong token is refused, and the right one is kept for the tab alone`() async throws
  {
    try await Self.signIn { stage, page in
      try await page.type("not the token at all")
      try await page.click("#sign-in button")
      try await page.wait(until: "document.querySelector('#sign-in-error').textContent !== ''")
      #expect(try await page.evaluate("document.querySelector('#content').hidden"))
      try await page.click("#token")
      try await page.type(try stage.token())
      try await page.click("#sign-in button")
      try await page.wait(until: "document.querySelector('#connection').textContent === 'Live'")
      #expect(try await page.evaluate("document.cookie") == "")
      #expect(try await page.evaluate("localStorage.length") == 0)
    }
  }

  private static let why =
    "document.querySelector('[data-cutover=orders] .hold').textContent"

  /// What a gate of latency counts is said, and more than what is needed is no share of it.
  private static func expectPlainNumbers(_ page: BrowserPage) async throws {
    let gates: String = try await page.evaluate(
      "document.querySelector('[data-cutover=orders] details').textContent")
    for words in ["slower than legacy\u{2019}s p95", "counts requests that took longer than"] {
      #expect(gates.contains(words), "\(gates)")
    }
    try await page.wait(until: "\(progress).includes('requests judged, 10 needed')")
    let text: String = try await page.evaluate(progress)
    #expect(text.contains(#/^Soaked \d+ (s|min) of 60 min; [\d,]+ requests judged, 10 needed$/#))
  }

  private static let progress =
    "document.querySelector('[data-cutover=orders] .buttons').previousSibling.textContent"

  /// At 400 pixels what differs stands under one another, and all of it is to be seen.
  private static func expectBothSidesOnNarrowPages(_ page: BrowserPage) async throws {
    try await page.resize(width: 400, height: 900)
    let places: [[Double]] = try await page.evaluate(
      """
      ['.gone', '.new'].map((kind) => {
        const box = document.querySelector(`#pair-lines ${kind}`).getBoundingClientRect();
        return [box.left, box.right, box.top, box.bottom];
      })
      """)
    for place in places { #expect(place[0] >= 0 && place[1] <= 400 && place[1] - place[0] > 200) }
    #expect(places[1][2] >= places[0][3], "the extracted side's line is not under legacy's")
    #expect(
      try await page.evaluate(
        "document.querySelectorAll('#pair-lines .same').length > 0"
          + " && [...document.querySelectorAll('#pair-lines .same')]"
          + ".every((row) => getComputedStyle(row.lastChild).display === 'none')"))
    let hidden: Double = try await page.evaluate(
      "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)"
        + "(document.querySelector('#pair .scroll'))")
    #expect(hidden <= 0)
    try await page.screenshot("console-pair-400-pixels")
    try await page.resize(width: 1280, height: 900)
  }

  /// Every look that the page has, and that it fits.
  private static func makeScreenshots(_ page: BrowserPage) async throws {
    for (name, width, scheme) in [
      ("console-light", 1280, "light"), ("console-dark", 1280, "dark"),
      ("console-400-pixels", 400, "light"),
    ] {
      try await page.resize(width: width, height: 900)
      try await page.prefer(scheme)
      let needed: Int = try await page.evaluate("document.documentElement.scrollWidth")
      #expect(needed <= width, "\(name) does not fit")
      try await page.screenshot(name)
    }
    try await page.resize(width: 1280, height: 900)
  }

  private static func tab(_ page: BrowserPage, to action: String) async throws {
    for _ in 0..<40 {
      try await page.press("Tab", code: 9)
      let reached: Bool = try await page.evaluate(
        "document.activeElement?.dataset?.action === '\(action)'")
      if reached { return }
    }
    Issue.record("\(action) is not reached by the Tab key")
  }

  /// A console that is signed in, in front of a cutover at 50 %.
  private static func console(
    _ body: (CutoverTests.Stage, BrowserPage) async throws -> Void
  ) async throws {
    try await signIn { stage, page in
      try await page.type(try stage.token())
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelector('#connection').textContent === 'Live'")
      try await body(stage, page)
    }
  }

  /// A console that asks for the token.
  private static func signIn(
    _ body: (CutoverTests.Stage, BrowserPage) async throws -> Void
  ) async throws {
    try await CutoverTests.Stage.running { stage in
      let started = try await stage.strangler([
        "cutover", "start", "orders", "--reason", "ticket 12", "--actor", "ann",
      ])
      #expect(started.exitCode == 0, "\(started.errors)")
      try await Chromium.running { browser in
        let page = try await BrowserPage(in: browser)
        try await page.resize(width: 1280, height: 900)
        try await page.open("http://\(await stage.admin)/console")
        try await page.wait(until: "document.activeElement.id === 'token'")
        try await body(stage, page)
      }
    }
  }
}
