// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TransactionalMessaging

struct DeadLetterSelectionTests {
  private func letter(
    relay: String? = "r", consumer: String? = nil, id: String? = "1", at time: Int64? = 100,
    state: DeadLetter.State = .dead
  ) -> DeadLetter {
    DeadLetter(
      relay: relay, consumer: consumer, aggregateType: "order", aggregateID: "a", state: state,
      attempts: 3, lastError: "no", fingerprint: "f", position: 2, eventID: id,
      eventType: "changed", occurredAt: time, behind: 0)
  }

  private func selects(
    _ letter: DeadLetter, _ change: (inout DeadLetterSelection) -> Void
  ) -> Bool {
    var selection = DeadLetterSelection(states: [.dead, .gap])
    change(&selection)
    return selection.contains(letter)
  }

  @Test func eachFieldNarrows() {
    #expect(selects(letter()) { _ in })
    #expect(!selects(letter(state: .retrying)) { _ in })
    #expect(selects(letter()) { $0.aggregate = "order/a" })
    #expect(!selects(letter()) { $0.aggregate = "order/b" })
    #expect(!selects(letter()) { $0.aggregateType = "cart" })
    #expect(!selects(letter()) { $0.fingerprint = "g" })
    #expect(!selects(letter()) { $0.relay = "other" })
    #expect(!selects(letter()) { $0.consumer = "c" })
    #expect(selects(letter(relay: nil, consumer: "c")) { $0.consumer = "c" })
    #expect(!selects(letter(id: nil)) { $0.eventID = "1" })
  }

  @Test func timesAreFromUpToBefore() {
    #expect(selects(letter()) { $0.from = 100 })
    #expect(!selects(letter()) { $0.from = 101 })
    #expect(!selects(letter()) { $0.before = 100 })
    #expect(selects(letter()) { $0.before = 101 })
    // An event whose time nobody knows is meant by no time.
    #expect(!selects(letter(at: nil)) { $0.before = 101 })
  }

  @Test func aPlaceAloneIsNotNarrow() {
    var selection = DeadLetterSelection(states: [.dead])
    selection.relay = "r"
    #expect(!selection.isNarrow)
    selection.before = 1
    #expect(selection.isNarrow)
  }
}
