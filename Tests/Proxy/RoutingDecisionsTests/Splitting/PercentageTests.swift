// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct PercentageTests {
  @Test(arguments: [
    ("0", 0), ("5", 500), ("0.5", 50), ("12.34", 1234), ("0.01", 1), ("99.99", 9999),
    ("100", 10_000), ("100.00", 10_000), ("7.05", 705), ("05", 500),
  ])
  func exactSharesAreParsed(text: String, hundredths: Int) throws {
    let percentage = try #require(Percentage(parsing: text))
    #expect(percentage.hundredths == hundredths)
    #expect(Percentage(parsing: percentage.description) == percentage)
  }

  @Test(arguments: [
    "", ".", "5.", ".5", "-1", "+5", "100.01", "101", "1000", "5 %", "1e1", "0.005", "12.345",
    "abc", "1.2.3", "\u{0661}",
  ])
  func anythingElseIsRefused(text: String) {
    #expect(Percentage(parsing: text) == nil)
  }

  @Test(arguments: [(0, "0"), (50, "0.5"), (5, "0.05"), (1234, "12.34"), (10_000, "100")])
  func itIsWrittenInItsShortestForm(hundredths: Int, text: String) {
    #expect(Percentage(hundredths: hundredths)?.description == text)
  }
}
