// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Error once per user")
struct ErrorOncePerUserTests {
  @Test("A user who fails again within the minute counts once, and again after it")
  func once() {
    var errors = ErrorOncePerUser()
    let first = (0..<50).count { errors.counts(bucket: 9_999, side: .extracted, at: $0 * 1_000) }
    #expect(first == 1)
    #expect(errors.counts(bucket: 9_999, side: .extracted, at: 60_000) == true)
    #expect(errors.counts(bucket: 9_999, side: .extracted, at: 60_001) == false)
  }

  @Test("Sides and buckets are apart")
  func apart() {
    var errors = ErrorOncePerUser()
    let all = (0..<10_000).count { errors.counts(bucket: $0, side: .legacy, at: 5) }
    #expect(all == 10_000)
    let others = (0..<10_000).count { errors.counts(bucket: $0, side: .extracted, at: 5) }
    #expect(others == 10_000)
    let again = (0..<10_000).count { errors.counts(bucket: $0, side: .legacy, at: 59_999) }
    #expect(again == 0)
  }

  @Test("Requests that belong to no user all count")
  func nobody() {
    var errors = ErrorOncePerUser()
    #expect((0..<5).count { _ in errors.counts(bucket: -1, side: .legacy, at: 0) } == 5)
  }
}
