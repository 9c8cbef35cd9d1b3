// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import ProxyDataPlane
import ShadowComparison
import Synchronization
import Testing

@Suite("What shadows found, for the gates")
struct ShadowComparisonsTests {
  @Test("Each comparison is told once, and a side is odd by its own answers only")
  func told() {
    let tally = Mutex(ShadowTally())
    let comparisons = ShadowComparisons { [("orders", tally.withLock { $0 })] }
    #expect(comparisons.take().isEmpty)
    tally.withLock { tally in
      tally.outcomes = [.matched: 88, .mismatched: 7, .extractedError: 2, .legacyError: 3]
      tally.judged = 98
      tally.legacyFailedAlone = 1
      (tally.odd.extracted, tally.telling.extracted) = (4, 2)
      (tally.odd.legacy, tally.telling.legacy) = (3, 1)
    }
    #expect(
      comparisons.take()
        == [
          "orders": CompareCounts(
            compared: 98, odd: .init(extracted: 6, legacy: 4),
            telling: .init(extracted: 4, legacy: 2))
        ])
    #expect(comparisons.take().isEmpty)
    // Two of these seven nobody could judge.
    tally.withLock { tally in
      tally.outcomes[.matched] = 93
      tally.outcomes[.mismatched] = 9
      tally.judged = 103
      tally.undecided = 2
    }
    #expect(comparisons.take() == ["orders": CompareCounts(compared: 5, undecided: 2)])
  }
}
