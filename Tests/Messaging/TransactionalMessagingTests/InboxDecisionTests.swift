// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

struct InboxDecisionTests {
  @Test(
    arguments: [
      (1, nil, InboxStart.firstVersion, InboxDecision.apply),
      (2, nil, .firstVersion, .park(expected: 1)),
      (7, nil, .firstSeen, .apply),
      (4, 4, .firstVersion, .duplicate),
      (3, 4, .firstSeen, .duplicate),
      (5, 4, .firstVersion, .apply),
      (6, 4, .firstSeen, .park(expected: 5)),
    ] as [(Int64, Int64?, InboxStart, InboxDecision)])
  func followsTheMark(_ row: (Int64, Int64?, InboxStart, InboxDecision)) {
    let (version, mark, start, expected) = row
    #expect(
      InboxDecision.decide(version: version, mark: mark, isParked: false, start: start) == expected)
  }

  @Test func aRedeliveryOfAParkedEventChangesNothing() {
    #expect(
      InboxDecision.decide(version: 5, mark: 4, isParked: true, start: .firstVersion)
        == .parkedBefore)
    #expect(
      InboxDecision.decide(version: 4, mark: 4, isParked: true, start: .firstVersion)
        == .duplicate)
  }
}
