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
      // The matrix says of each border what the cut list has.
      let isAlike: Bool = try await page.evaluate(
        """
        data.borders.length > 0 && data.borders.every(([from, to, places]) => document
          .querySelectorAll('.matrix tbody tr')[from].children[to + 1].textContent
          === String(places))
        """)
      #expect(isAlike)
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
      #expect(
        try await page.evaluate(
          "document.querySelector('#opened h3').textContent === `2. ${data.services[1].name}`"))
      #expect(page.complaints == [])
    }
  }

  @Test func `the graph opens one service at a time, by keys alone`() async throws {
    try await Self.report(of: AnalyzeTests.monolith) { page in
      // Collapsed to services, the first one opened. It is drawn once its width is known.
      try await page.wait(
        until: "document.querySelectorAll('#graph .node').length === data.services.length")
      let first: String = try await page.evaluate(
        "document.querySelector('#opened h3').textContent")
      #expect(first.hasPrefix("1. "))
      // One stop for the Tab key, arrows from there.
      #expect(
        try await page.evaluate("document.querySelectorAll('#graph [tabindex=\"0\"]').length === 1")
      )
      try await Self.focus("#graph [tabindex='0']", page)
      try await page.press("ArrowDown", code: 40)
      try await page.press("ArrowDown", code: 40)
      #expect(try await page.evaluate("document.activeElement.dataset.service === '2'"))
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(
        until: "document.querySelector('#opened h3').textContent.startsWith('3. ')")
      #expect(try await page.evaluate("document.activeElement.dataset.service === '2'"))
      // What needs it, what has to be cut in it, what it needs: all three add up to its cuts.
      #expect(
        try await page.evaluate(
          """
          (() => {
            const links = openLinks(2);
            const sum = (map) => [...map.values()].reduce((all, each) => all + each, 0);
            const cuts = data.cuts.filter((cut) => cut[0] === 2 || cut[1] === 2).length;
            return sum(links.users) + sum(links.used) === cuts && sum(links.own) === cuts;
          })()
          """))
      // A type asks for its places; Escape goes back to the graph.
      try await Self.focus("#opened .node.box", page)
      try await page.press("Escape", code: 27)
      #expect(try await page.evaluate("document.activeElement.dataset.service === '2'"))
      let type =
        "[...document.querySelectorAll('#opened .node.box')]"
        + ".find((node) => openLinks(2).own.has(node.ariaLabel.split(':')[0]))"
      #expect(try await page.evaluate("(\(type).focus(), true)"))
      try await page.press("Enter", code: 13, text: "\r")
      try await page.wait(until: "document.querySelector('#search').value !== ''")
      #expect(
        try await page.evaluate(
          "document.querySelector('#cut-count').textContent.includes(' in all')"))
      #expect(page.complaints == [])
    }
  }

  @Test(arguments: [(60, 6), (500, 14), (2_000, 36)])
  func `small and large code bases stay readable`(types: Int, areas: Int) async throws {
    let scratch = try Scratch()
    try Self.writeMonolith(types: types, areas: areas, into: scratch)
    try await Self.report(of: scratch.path + "/code") { page in
      #expect(try await page.evaluate("data.types.length >= \(types * 9 / 10)"))
      #expect(try await page.evaluate("data.services.length >= \(areas / 2)"))
      // Services first: neither the matrix nor the graph shows a type.
      #expect(
        try await page.evaluate(
          "document.querySelectorAll('.matrix tbody tr').length === data.services.length"))
      #expect(try await page.evaluate("document.querySelectorAll('#graph .node').length <= 31"))
      #expect(
        try await page.evaluate("document.querySelectorAll('#cuts tbody tr').length <= 100"))
      for (width, scheme) in [(1280, "light"), (400, "dark")] {
        try await page.resize(width: width, height: 900)
        try await page.prefer(scheme)
        try await page.wait(until: Self.isDrawnAnew)
        #expect(try await page.evaluate("document.documentElement.scrollWidth <= \(width)"))
        let problems: [String] = try await page.evaluate(Self.unreadable)
        #expect(problems == [], "at \(width) pixels")
        try await page.screenshot("report-\(types)-types-\(width)-\(scheme)")
      }
      // Everything is there for who asks.
      let folded: Bool = try await page.evaluate(
        "document.querySelector('#graph .folded') !== null")
      #expect(folded == (try await page.evaluate("data.services.length > 31")))
      if folded {
        try await Self.focus("#graph .folded", page)
        try await page.press("Enter", code: 13, text: "\r")
        try await page.wait(
          until: "document.querySelectorAll('#graph .node').length === data.services.length")
        // Hubs and thin borders are there, faded.
        #expect(
          try await page.evaluate("document.querySelectorAll('#graph .edge.faded').length > 0"))
      }
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

  /// The graph follows the width of the window.
  private static let isDrawnAnew = """
    ["graph", "opened"].every((id) => {
      const place = document.getElementById(id);
      const svg = place.querySelector("svg");
      return svg === null || Number(svg.getAttribute("width")) === place.clientWidth;
    })
    """

  /// Texts of the graphs that are small, cover each other or leave the picture, and texts of the
  /// page that hardly differ from what they stand on.
  private static let unreadable = """
    (() => {
      const problems = [];
      for (const svg of document.querySelectorAll("#map svg")) {
        const frame = svg.getBoundingClientRect();
        const boxes = [];
        for (const text of svg.querySelectorAll("text")) {
          const box = text.getBoundingClientRect();
          const size = parseFloat(getComputedStyle(text).fontSize) * frame.width
            / svg.viewBox.baseVal.width;
          if (size < 11) problems.push(`${text.textContent} is ${size} pixels high`);
          if (box.left < frame.left - 1 || box.right > frame.right + 1) {
            problems.push(`${text.textContent} leaves the picture`);
          }
          for (const [other, where] of boxes) {
            if (box.left < where.right - 1 && box.right > where.left + 1
              && box.top < where.bottom - 4 && box.bottom > where.top + 4) {
              problems.push(`${text.textContent} covers ${other}`);
            }
          }
          boxes.push([text.textContent, box]);
        }
      }
      const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
      const light = (colour) => {
        const [red, green, blue] = numbers(colour).slice(0, 3)
          .map((part) => part / 255)
          .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const ground = (node) => {
        for (let each = node; each; each = each.parentElement) {
          const colour = getComputedStyle(each).backgroundColor;
          if (colour.startsWith("rgb(")) return colour;
        }
        return "rgb(255, 255, 255)";
      };
      for (const selector of [
        "h1", ".verdict b", ".verdict span", ".first h2 b", ".card h3", ".card p", ".answer b",
        ".answer span", ".first dt", ".first dd", "nav a", ".lead", ".legend", "thead th",
        "tbody td", ".pill.small", ".pill.medium", ".pill.large", ".pill.warning", ".pill.note",
        ".quiet", "#cut-count", "select", "button",
      ]) {
        const node = document.querySelector(selector);
        if (!node) continue;
        const parts = [light(getComputedStyle(node).color), light(ground(node))].sort();
        const ratio = (Math.max(...parts) + 0.05) / (Math.min(...parts) + 0.05);
        if (ratio < 4.5) problems.push(`${selector} has a contrast of ${ratio.toFixed(1)}`);
      }
      return problems;
    })()
    """

  private static func focus(_ selector: String, _ page: BrowserPage) async throws {
    let expression = "(document.querySelector(\(BrowserPage.quoted(selector))).focus(), true)"
    #expect(try await page.evaluate(expression))
  }

  /// Areas that answer requests and keep tables, whose types call their own, now and then another
  /// area, and two areas that nearly everybody calls.
  private static func writeMonolith(types: Int, areas: Int, into scratch: Scratch) throws {
    let names = (0..<areas).map { area in
      "\(stems[area % stems.count])\(area < stems.count ? "" : "Plan")"
    }
    let each = types / areas
    for (number, area) in names.enumerated() {
      let others = [
        names[(number + 1) % areas], names[(number * 3 + 2) % areas], names[0], names[1],
      ]
      for index in 0..<each {
        let near = (index + 1) % each
        var text = """
          final class \(area)Part\(index) {
            let near: \(area)Part\(near)
            func work(_ far: \(area)Part\((index * 7 + 3) % each)) { far.rest(); near.rest() }
            func rest() {}

          """
        if index % 5 == 0 {
          let other = others[(index / 5) % others.count]
          text += "  func ask(_ other: \(other)Part\(index % 3)) { other.rest() }\n"
        }
        if index == 0 {
          let table = area.lowercased()
          text += """
              func save(_ db: Database) throws {
                try db.execute(sql: "INSERT INTO \(table)s (id) VALUES (1)")
                try db.execute(sql: "SELECT id FROM \(table)s WHERE id = 1")
              }
              func addRoutes(to router: Router<Context>) {
                router.get("/\(table)s/{id}") { _, _ in "" }
              }

            """
        }
        try scratch.write(text + "}\n", to: "code/Sources/Shop/\(area)/\(area)Part\(index).swift")
      }
    }
  }

  private static let stems = [
    "Catalogue", "Customer", "Cart", "Order", "Payment", "Inventory", "Shipping", "Notice",
    "Pricing", "Loyalty", "Supplier", "Invoice", "Refund", "Coupon", "Campaign", "Warehouse",
    "Carrier", "Ledger", "Wishlist", "Search", "Fraud", "Tax", "Payroll", "Shift",
  ]

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
