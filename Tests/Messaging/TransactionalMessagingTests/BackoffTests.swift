// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

struct BackoffTests {
  @Test func doublesUpToItsLimitWithJitterOfHalf() {
    let backoff = Backoff(first: 100, most: 1_000)
    var random = SeededGenerator(seed: 7)
    let full: [Int64] = [100, 200, 400, 800, 1_000, 1_000]
    for (index, full) in full.enumerated() {
      for _ in 0..<100 {
        let delay = backoff.delay(afterAttempt: index + 1, using: &random)
        #expect((full / 2...full).contains(delay))
      }
    }
  }

  @Test func neverOverflows() {
    var random = SeededGenerator(seed: 7)
    let delay = Backoff(first: .max / 2, most: .max)
      .delay(afterAttempt: .max, using: &random)
    #expect(delay >= .max / 2)
  }

  @Test func fingerprintsIgnoreNumbers() {
    let left = FailureFingerprint.of("order 41 not found after 3 s")
    #expect(left == FailureFingerprint.of("order 1234 not found after 17 s"))
    #expect(left != FailureFingerprint.of("order 41 not found"))
    #expect(left.utf8.count == 16)
    #expect(FailureFingerprint.bounded(String(repeating: "x", count: 5_000)).utf8.count == 1_024)
  }
}
