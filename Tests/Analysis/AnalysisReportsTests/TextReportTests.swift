// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

@testable import AnalysisReports

@Suite struct TextReportTests {
  private static let suggestion = BoundaryAnalysis().suggest(SampleShop.model)

  @Test func sampleShop() throws {
    try GoldenFile.expect(
      TextReport(width: 100).render(Self.suggestion), equals: "sample-shop.txt")
  }

  @Test func firstScreenAnswersWhatWhyPriceAndDoubt() {
    let screen = TextReport(width: 100).render(Self.suggestion)
      .split(separator: "\n", omittingEmptySubsequences: false).prefix(24).joined(separator: "\n")
    for needed in [
      "Split into 4 services", "Extract first: shipments",
      "Why: 3 places to cut; payments has fewer (1) but 2 blocking problems against 1, orders most",
      "Cut: 3 places in 2 files", "Sure: all 6 types keep their place",
      "Services, in the order",
    ] {
      #expect(screen.contains(needed), "\(needed)")
    }
  }

  @Test(arguments: [60, 80, 120, 200])
  func keepsToTheWidth(width: Int) {
    let tooLong = TextReport(width: width).render(Self.suggestion)
      .split(separator: "\n").filter { $0.count > width }.map(String.init)
    #expect(tooLong.isEmpty)
  }

  @Test func `what can be broken is broken on a narrow terminal too`() {
    let lines = TextReport(width: 40).render(Self.suggestion).split(separator: "\n")
    // Paths are not broken.
    #expect(lines.filter { $0.count > 40 && $0.split(separator: " ").count > 1 } == [])
    #expect(lines.contains("#  service    cuts in  out  stability"))
  }

  @Test func colourChangesNothingElse() throws {
    let coloured = TextReport(width: 100, style: .coloured).render(Self.suggestion)
    let plain = TextReport(width: 100).render(Self.suggestion)
    #expect(coloured.contains("\u{1B}[1m"))
    #expect(coloured.replacing(try Regex("\u{1B}\\[[0-9]+m"), with: "") == plain)
  }

  @Test func saysWhenThereIsNothingToSplit() {
    let report = TextReport().render(BoundaryAnalysis().suggest(CodeModel()))
    #expect(
      report == """
        Read 0 files, 0 lines, 0 types, no references.

        No types were found, so there is nothing to split.

        """)
  }

  @Test func doubtsAreCountedWithTheirPlaces() throws {
    var builder = SampleShop.builder()
    builder.refer("OrderService", "PaymentService", .call, symbol: "settle", byNameAlone: true)
    builder.type("Loner", folder: "Elsewhere")
    builder.type("Courier", folder: "App/Models")
    builder.refer("Courier", "ShipmentService", .typeUse)
    builder.refer("Courier", "PaymentService", .signature, times: 2)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    let text = TextReport(width: 1_000).render(suggestion)
    let all = builder.model.references.count
    #expect(
      text.contains(
        "  \(all) references are read from syntax alone, which `--index` or `--precise` would "
          + "settle; 1 of them is told by a member's name alone"))
    #expect(
      text.contains("to cut rests on a name alone: Sources/App/Services/OrderService.swift:"))
    #expect(text.contains("1 type is tied to no service by any reference, table or route"))
    #expect(text.contains("Loner in "))
    let doubts = suggestion.doubts
    #expect(doubts.uncertainCuts.count == 1 && doubts.byNameAlone == 1)
    #expect(doubts.references == all && doubts.syntactic == all)
    #expect(doubts.untied.map(\.type) == ["Loner"])
    // The service that is named first says how many of its own cuts are guesses.
    let payments = try #require(suggestion.services.first { $0.name == "payments" })
    let cuts = suggestion.cuts.filter {
      $0.fromService == "payments" || $0.toService == "payments"
    }
    let sentence = ServiceSentences(payments, suggestion, cuts).confidence
    #expect(sentence.contains("1 of \(cuts.count) places to cut rests on a member's name alone"))
  }

  @Test func aTypeThatAnotherServicePullsAtIsNamedWithIt() throws {
    var suggestion = Self.suggestion
    suggestion.doubts.placements = [
      .init(
        type: "Courier", service: "shipments",
        location: Location(file: "Courier.swift", line: 3, column: 8), stability: 0.5,
        rival: "payments", isPulledAway: true)
    ]
    #expect(
      TextReport(width: 200).render(suggestion).contains(
        "1 type could as well stand elsewhere, 1 of them tied more to another service than to "
          + "their own: Courier in shipments (there in 16 of 32 runs, or payments; "
          + "Courier.swift:3:8)."))
  }

  @Test func aLibraryHasNoOrderAndNoBorders() {
    var library = SampleShop.model
    (library.routes, library.jobs) = ([], [])
    let report = TextReport().render(BoundaryAnalysis().suggest(library))
    #expect(report.contains("Nothing to split: no route that is answered"))
    #expect(!report.contains("Services, in the order") && !report.contains("Extract first"))
    #expect(!report.contains("cross"))
    #expect(report.contains("27 types in 23 files that stay together"))
  }

  @Test func listsAllCutsWhenAsked() {
    let report = TextReport(cutsPerBorder: nil).render(Self.suggestion)
    #expect(!report.contains("more (all in the JSON report)"))
    let short = TextReport(cutsPerBorder: 1).render(Self.suggestion)
    #expect(short.contains("and 1 more (all in the JSON report)"))
    for cut in Self.suggestion.cuts {
      #expect(report.contains("\(cut.location.file):\(cut.location.line)"))
    }
  }
}
