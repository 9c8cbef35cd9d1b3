// SPDX-License-Identifier: Apache-2.0

import MessageBrokerRabbitMQ
import Testing

struct UnconfirmedMessagesTests {
  /// Lets expectations call the value's mutating functions.
  private final class Subject {
    private var messages = UnconfirmedMessages()

    var isEmpty: Bool { messages.isEmpty }
    func sent(_ id: String, token: UInt64 = 1, deadline: Int64 = 10) {
      messages.sent(
        UnconfirmedMessages.Entry(token: token, id: id, size: 1, deadline: deadline))
    }
    func returned(_ id: String) { messages.returned(id: id, because: "no queue") }
    func settled(_ tag: UInt64, andAllBefore: Bool) -> [UnconfirmedMessages.Entry] {
      messages.settled(tag, andAllBefore: andAllBefore)
    }
    func takeOverdue(at now: Int64) -> [String] { messages.takeOverdue(at: now).map(\.id) }
    func takeAll() -> [String] { messages.takeAll().map(\.id) }
  }

  private func messages(_ ids: String..., deadlines: [Int64] = []) -> Subject {
    let messages = Subject()
    for (index, id) in ids.enumerated() {
      messages.sent(
        id, token: UInt64(index + 100), deadline: deadlines.isEmpty ? 10 : deadlines[index])
    }
    return messages
  }

  @Test func oneOrAllUpToOneAreSettled() {
    let messages = messages("a", "b", "c", "d")
    #expect(messages.settled(2, andAllBefore: false).map(\.id) == ["b"])
    #expect(messages.settled(3, andAllBefore: true).map(\.id) == ["a", "c"])
    #expect(messages.settled(3, andAllBefore: true).isEmpty)
    #expect(messages.settled(4, andAllBefore: false).map(\.token) == [103])
    #expect(messages.isEmpty)
  }

  @Test func zeroStandsForAll() {
    let messages = messages("a", "b")
    #expect(messages.settled(0, andAllBefore: true).map(\.id) == ["a", "b"])
  }

  @Test func numbersThatWereNeverSentSettleNothingMore() {
    let messages = messages("a")
    #expect(messages.settled(.max, andAllBefore: true).map(\.id) == ["a"])
    #expect(messages.settled(7, andAllBefore: false).isEmpty)
    messages.sent("b")
    #expect(messages.settled(2, andAllBefore: false).map(\.id) == ["b"])
  }

  @Test func theFirstOfEqualIdsIsTheOneThatCameBack() {
    let messages = messages("a", "b", "a")
    messages.returned("a")
    #expect(messages.settled(1, andAllBefore: false).first?.returned == "no queue")
    messages.returned("a")
    #expect(messages.settled(3, andAllBefore: true).map(\.returned) == [nil, "no queue"])
  }

  @Test func whoseTimeHasPassedLeaves() {
    let messages = messages("a", "b", "c", deadlines: [10, 10, 20])
    _ = messages.settled(1, andAllBefore: false)
    #expect(messages.takeOverdue(at: 9).isEmpty)
    #expect(messages.takeOverdue(at: 10) == ["b"])
    // The confirmation still comes.
    #expect(messages.settled(2, andAllBefore: true).isEmpty)
    #expect(messages.takeAll() == ["c"])
  }
}
