// SPDX-License-Identifier: Apache-2.0
import StrangulationMeasures
import Testing

@Suite struct ProgressTests {
  @Test func `nothing is known without anything to look at, and each says what would help`() {
    let measures = StrangulationProgress(
      code: CodeEvidence.unread, routes: RouteEvidence.unread("no file"),
      traffic: RouteEvidence([]).trafficMeasure,
      tables: TableEvidence([], known: nil, failure: "no file").measure,
      events: EventEvidence.unread("no file")
    ).measures
    #expect(measures.map(\.name) == ProgressMeasure.Name.allCases)
    for measure in measures {
      #expect(measure.counts == [] && measure.parts == [])
      #expect(!measure.unknown.isEmpty && measure.unknown.allSatisfy { !$0.how.isEmpty })
      #expect(measure.next != nil)
    }
  }

  @Test func `code is what is gone, what is answered elsewhere, and what is left`() {
    let evidence = CodeEvidence(
      services: [
        .init("catalog", types: 0, gone: 4, lines: 0),
        .init("orders", types: 10, lines: 900, routes: [100, 100]),
        .init("carts", types: 6, gone: 2, lines: 300, routes: [0, 25, nil]),
        .init("users", types: 20, lines: 2_000, routes: [0]),
      ], otherTypes: 8, otherLines: 500, hasBaseline: true)
    let measure = evidence.measure
    #expect(
      measure.counts == [
        ProgressCount("types", extracted: 16, underWay: 6, legacy: 28),
        ProgressCount("lines", extracted: 900, underWay: 300, legacy: 2_500),
      ])
    #expect(
      measure.parts.map(\.state) == [
        "extracted", "extracted", "under way", "in the monolith", "in the monolith",
      ])
    #expect(
      measure.parts[2].note
        == "2 types gone from the sources; 1 of 3 routes answered elsewhere, if only in part")
    #expect(measure.next?.text.hasPrefix("delete orders from the monolith") == true)
    #expect(measure.unknown.contains { $0.what.hasPrefix("lines of what has left") })
    #expect(measure.unknown.contains { $0.what.hasPrefix("which side answers some routes") })
    #expect(!measure.unknown.contains { $0.how.hasPrefix("--baseline") })
  }

  @Test func `a saved analysis without a baseline says what it cannot tell`() {
    let measure = CodeEvidence(
      services: [.init("orders", types: 3)], otherTypes: 0, otherLines: nil, hasBaseline: false,
      parseFailures: 2
    ).measure
    #expect(measure.counts == [ProgressCount("types", legacy: 3)])
    #expect(measure.unknown.map(\.how).contains("--sources PATH"))
    #expect(measure.unknown.contains { $0.how.hasPrefix("--baseline FILE") })
    #expect(measure.unknown.contains { $0.what.contains("2 files") })
    #expect(measure.next == .init("extract orders", command: "strangler analyze suggest PATH"))
  }

  @Test func `routes count whole, and by their users`() {
    let evidence = RouteEvidence([
      .init("orders", legacy: "shop", extracted: "orders", percent: 25, cutover: "first"),
      .init("carts", legacy: "shop", extracted: "carts", percent: 100),
      .init("old-orders", legacy: "orders"),
      .init("rest", legacy: "shop"),
    ])
    let measure = evidence.measure
    #expect(
      measure.counts == [
        ProgressCount("routes", extracted: 2, underWay: 1, legacy: 1),
        ProgressCount("routes by their users", extracted: 2.25, legacy: 1.75),
      ])
    #expect(measure.counts[1].share == 0.5625)
    #expect(measure.parts.map(\.state) == ["25 %", "100 %", "moved for good", "legacy"])
    #expect(
      measure.next
        == .init("take orders on from 25 %", command: "strangler cutover status first"))
    #expect(measure.unknown.map(\.how) == evidence.trafficMeasure.unknown.map(\.how))
    #expect(RouteEvidence(evidence.routes, isLive: true).measure.unknown == [])
  }

  @Test func `routes that wait, and routes that nobody takes over`() {
    let waiting = RouteEvidence([
      .init("rest", legacy: "shop"), .init("orders", legacy: "shop", extracted: "orders"),
    ])
    #expect(
      waiting.measure.next
        == .init("begin to move orders", command: "strangler routes set orders 1 --reason WHY"))
    #expect(
      RouteEvidence([.init("rest", legacy: "shop")]).measure.next?.text
        == "name the service that takes rest over, as its extracted")
    #expect(
      RouteEvidence([.init("a", legacy: "s", extracted: "x", percent: 100)]).measure.next == nil)
  }

  @Test func `requests are what each side answered`() {
    let evidence = RouteEvidence(
      [
        .init("orders", legacy: "shop", extracted: "orders", percent: 50),
        .init("moved", legacy: "orders"), .init("rest", legacy: "shop"),
        .init("quiet", legacy: "shop"),
      ], isLive: true,
      requests: [
        "orders": .init(legacy: 10, extracted: 30), "moved": .init(legacy: 5, extracted: 0),
        "rest": .init(legacy: 55, extracted: 0),
      ])
    let measure = evidence.trafficMeasure
    #expect(measure.counts == [ProgressCount("requests", extracted: 35, legacy: 65)])
    #expect(measure.parts.map(\.name) == ["orders", "moved", "rest"])
    #expect(measure.next?.text.hasPrefix("move rest: legacy answers 55") == true)
    let silent = RouteEvidence(evidence.routes, isLive: true, requests: [:]).trafficMeasure
    #expect(silent.counts == [])
    #expect(silent.next?.text == "send requests through the proxy")
  }

  @Test func `tables are where their writes go`() {
    let evidence = TableEvidence(
      [
        .init("a", table: "public.orders", state: "new-primary", isExtracted: true, isBegun: true),
        .init("b", table: "lines", state: "dual-write-legacy-reads", isBegun: true, waiting: 7),
        .init("c", table: "carts", state: "legacy-primary"),
        .init("d", table: "users", state: nil, failure: "no file"),
      ], known: ["Orders", "lines", "products", "users"])
    let measure = evidence.measure
    #expect(
      measure.counts == [
        ProgressCount("tables", extracted: 1, underWay: 1, legacy: 2, unknown: 1)
      ])
    #expect(evidence.unmapped == ["products"])
    #expect(measure.parts.first { $0.name == "lines" }?.note == "7 changes waiting")
    #expect(measure.unknown.map(\.how) == ["strangler data status"])
    #expect(measure.next?.command == "strangler data status")
    let seen = TableEvidence(evidence.mappings.dropLast(), known: evidence.known)
    #expect(
      seen.measure.next
        == .init(
          "move b on from dual-write-legacy-reads",
          command: "strangler data advance b --reason WHY"))
  }

  @Test func `a table of two mappings is one, and moved with the last of them`() {
    let first = TableEvidence.Mapping(
      "one", table: "orders", state: "retired", isExtracted: true, isBegun: true, isLast: true)
    let second = TableEvidence.Mapping("two", table: "orders", state: "legacy-primary")
    let measure = TableEvidence([first, second], known: []).measure
    #expect(measure.counts == [ProgressCount("tables", underWay: 1)])
    #expect(measure.parts.map(\.state) == ["retired (one), legacy-primary (two)"])
    let done = TableEvidence([first], known: ["orders"]).measure
    #expect(done.counts == [ProgressCount("tables", extracted: 1)])
    #expect(done.next == nil)
  }

  @Test func `events are sent or wait, and tables have one for every change or not`() {
    let evidence = EventEvidence(
      appended: 100, unsent: 4, isRelayed: true,
      watched: [
        .init("orders", bypasses: 0), .init("carts", bypasses: 3),
        .init("lines", bypasses: 0, blindness: "no trigger"),
      ], known: ["orders", "carts", "lines", "users"])
    let measure = evidence.measure
    #expect(
      measure.counts == [
        ProgressCount("events", extracted: 96, underWay: 4),
        ProgressCount("tables", extracted: 1, legacy: 1, unknown: 2),
      ])
    #expect(measure.next?.command == "strangler outbox bypass report")
    let blind = EventEvidence(appended: 3, unsent: nil, isRelayed: false, watched: nil).measure
    #expect(blind.counts == [ProgressCount("events", unknown: 3)])
    #expect(blind.next?.command == "strangler outbox relay")
    #expect(blind.unknown.map(\.how).contains("strangler outbox bypass install --table NAME"))
  }
}

@Suite struct ProgressTextTests {
  @Test(arguments: [
    (0.0, "0"), (7, "7"), (0.25, "0.25"), (2.5, "2.5"), (0.05, "0.05"), (1_234, "1,234"),
    (1_234_567.5, "1,234,567.5"), (-3, "-3"), (0.001, "0"),
  ])
  func numbers(_ number: Double, _ text: String) { #expect(ProgressText.number(number) == text) }

  @Test(arguments: [
    (0.0, "0 %"), (1, "100 %"), (0.342, "34.2 %"), (0.5, "50 %"), (0.000_1, "< 0.1 %"),
    (0.999_99, "> 99.9 %"),
  ])
  func shares(_ share: Double, _ text: String) { #expect(ProgressText.share(share) == text) }

  @Test func `a bar is as wide as asked, and shows what is little`() {
    let little = ProgressCount("x", extracted: 1, underWay: 1, legacy: 998)
    #expect(ProgressText.bar(little, width: 10) == "█▒░░░░░░░░")
    let most = ProgressCount("x", extracted: 3, legacy: 1)
    #expect(ProgressText.bar(most, width: 4) == "███░")
    #expect(ProgressText.bar(ProgressCount("x", unknown: 2), width: 3) == "???")
    #expect(ProgressText.bar(ProgressCount("x"), width: 3) == "???")
    for extracted in 0...100 {
      let count = ProgressCount("x", extracted: Double(extracted), legacy: Double(100 - extracted))
      #expect(ProgressText.bar(count, width: 17).count == 17)
    }
  }
}
