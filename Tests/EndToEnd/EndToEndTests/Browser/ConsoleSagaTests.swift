// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Testing

/// The console's part about sagas in a real browser, before a real proxy and a store.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ConsoleSagaTests {
  private static let listed =
    "[...document.querySelectorAll('#sagas [data-saga]')].map((node) => node.dataset.saga).join()"

  @Test func `sagas are listed, narrowed to a state, and one shows what it waits for`() async throws
  {
    let scratch = try Scratch()
    let database = scratch.path + "/shop.sqlite"
    let made = try await Executable.strangler.run(["outbox", "init", "--database", database])
    #expect(made.exitCode == 0, "\(made.errors)")
    try await DatabaseQueue(path: database).write {
      try $0.execute(sql: SagaCommandTests.sagas)
    }
    try await CutoverTests.Stage.running(adding: "outbox: { database: \(database) }\n") { stage in
      try await Chromium.running { browser in
        let page = try await BrowserPage(in: browser)
        try await page.resize(width: 1280, height: 900)
        try await page.open("http://\(await stage.admin)/console")
        try await page.wait(until: "document.activeElement.id === 'token'")
        try await page.type(try stage.token())
        try await page.press("Enter", code: 13, text: "\r")
        try await page.wait(until: "\(Self.listed) === 'over,pivot,behind,running'")
        try await Self.narrow(page)
        try await Self.expectTimelines(page)
        try await Self.makeScreenshots(page)
        // Plots are named once there is something to say of them.
        try await page.wait(
          until: "[...document.querySelectorAll('svg[role=img]')]"
            + ".every((plot) => plot.hasAttribute('aria-label'))")
        let nameless = try await page.namelessControls()
        #expect(nameless == [])
        // A decision that was made elsewhere is seen.
        let decided = try await Executable.strangler.run([
          "saga", "retry", "behind", "--database", database, "--reason", "the mail server is back",
          "--actor", "ann",
        ])
        #expect(decided.exitCode == 0, "\(decided.errors)")
        try await page.wait(
          until: "document.querySelector('[data-timeline=behind] .decisions').textContent"
            + ".includes('the mail server is back')")
        try await page.wait(
          until: "document.querySelector('[data-timeline=behind] .hold').textContent"
            + ".includes('1 answer or decision waits')")
        try await page.click("[data-timeline=behind] button")
        try await page.wait(until: "!document.querySelector('[data-timeline]')")
        #expect(page.complaints == [])
      }
    }
  }

  private static func narrow(_ page: BrowserPage) async throws {
    for (state, expected) in [
      ("stuck", "pivot,behind"), ("completed", ""), ("", "over,pivot,behind,running"),
    ] {
      let _: Bool = try await page.evaluate(
        "(() => { const select = document.querySelector('#sagas-state'); "
          + "select.value = '\(state)'; return select.dispatchEvent(new Event('change')); })()")
      try await page.wait(until: "\(listed) === '\(expected)'")
    }
  }

  /// Opens one after the other, the one that is stuck last.
  private static func expectTimelines(_ page: BrowserPage) async throws {
    for (saga, words) in [
      ("running", ["no answer", "2 attempts", "Waits for reserve-stock, which is given up"]),
      ("over", ["What was done is undone.", "undo ask", "took 50", "over:ask:undo", "declined"]),
      (
        "behind",
        [
          "Waits for an operator at confirm", "strangler saga retry", "10 attempts",
          "behind:confirm:do", "mailbox full",
        ]
      ),
    ] {
      try await page.click("[data-saga=\(saga)] button")
      try await page.wait(until: "document.querySelector('[data-timeline=\(saga)]')")
      let text: String = try await page.evaluate(
        "document.querySelector('[data-timeline=\(saga)]').textContent")
      for word in words {
        #expect(text.contains(word), "\(saga): \(text)")
      }
      #expect(
        try await page.evaluate("document.querySelectorAll('[data-timeline]').length") == 1)
      #expect(
        try await page.evaluate("document.querySelectorAll('[data-timeline] [data-step]').length")
          == 2)
    }
  }

  private static func makeScreenshots(_ page: BrowserPage) async throws {
    for (name, width, scheme) in [
      ("console-sagas-light", 1280, "light"), ("console-sagas-dark", 1280, "dark"),
      ("console-sagas-400-pixels", 400, "light"),
    ] {
      try await page.resize(width: width, height: 900)
      try await page.prefer(scheme)
      let needed: Int = try await page.evaluate("document.documentElement.scrollWidth")
      #expect(needed <= width, "\(name) does not fit")
      try await page.screenshot(name)
    }
  }
}
