// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StranglerDemo

@Suite struct DemoSummaryTests {
  @Test func `one broken demand makes the summary red`() {
    var summary = DemoSummary()
    summary.demand("failed requests", "0 of 100", true)
    #expect(summary.isGreen)
    summary.demand("users flipped back", "1 of 20", false)
    #expect(!summary.isGreen)
    #expect(summary.text.contains("FAIL users flipped back  1 of 20"))
  }

  @Test func `a summary without demands is not green`() {
    var summary = DemoSummary()
    summary.show("requests", "100")
    #expect(!summary.isGreen)
  }

  @Test(arguments: [
    (0.04, 1, "0.0"), (0.05, 1, "0.1"), (12.345, 2, "12.35"), (-1.25, 1, "-1.3"), (7, 0, "7"),
  ])
  func `figures have a fixed number of decimals`(value: Double, places: Int, text: String) {
    #expect(value.rounded(toPlaces: places) == text)
  }

  @Test func `a counter is the sum over its label sets and nothing else`() {
    let text = """
      # TYPE strangler_fallbacks_total counter
      strangler_fallbacks_total{route="orders"} 3
      strangler_fallbacks_total{route="carts"} 4
      strangler_fallbacks_total_other 100
      """
    #expect(AdminClient.sum(of: "strangler_fallbacks_total", where: "", in: text) == 7)
    #expect(
      AdminClient.sum(of: "strangler_fallbacks_total", where: #"route="orders""#, in: text) == 3)
  }
}
