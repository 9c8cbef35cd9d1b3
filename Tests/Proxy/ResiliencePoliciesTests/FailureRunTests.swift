// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Runs of failures")
struct FailureRunTests {
  @Test(
    "The more fail elsewhere, the longer a run has to be",
    arguments: [
      (0, 5), (0.001, 5), (0.003, 5), (0.01, 7), (0.1, 13), (0.3, 23), (0.5, 40), (0.8, 124),
      (0.87, 199), (0.9, nil), (1, nil),
    ] as [(Double, Int?)])
  func length(share: Double, expected: Int?) {
    #expect(FailureRun.length(atShare: share, least: 5) == expected)
  }

  @Test("Who asks for longer runs gets them")
  func least() {
    #expect(FailureRun.length(atShare: 0.001, least: 50) == 50)
    #expect(FailureRun.length(atShare: 0.5, least: 50) == 50)
    #expect(FailureRun.length(atShare: 0, least: 1) == 1)
  }
}
