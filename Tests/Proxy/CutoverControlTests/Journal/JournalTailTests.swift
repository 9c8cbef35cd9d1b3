// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("What waits to be written")
struct JournalTailTests {
  private static let back = JournalTests.moved([JournalTests.move("orders", 500, 0)])
  private static let others = JournalTests.moved([JournalTests.move("orders", 500, 2_500)])

  /// Behind one entry, which raised `orders` to 5 %.
  private static func tail(
    isShared: Bool = false
  ) throws -> (tail: JournalTail, first: JournalEntry) {
    var chain = JournalChain(installation: JournalTests.installation)
    let first = try chain.append(JournalTests.moved([JournalTests.move("orders", 0, 500)]))
    var tail = JournalTail(isShared: isShared)
    #expect(try tail.entry(for: back)?.entry == nil, "it was not read yet")
    _ = try tail.take([first], to: chain)
    return (tail, first)
  }

  @Test("What was done stands before it is written, and is due until it is")
  func done() throws {
    var (tail, _) = try Self.tail()
    #expect(tail.due?.made == nil && tail.nextEntry == 2)
    tail.wasDone(Self.back)
    #expect(tail.standing.percentages == ["orders": .zero] && tail.nextEntry == 3)
    #expect(tail.replay.percentages == ["orders": .hundredths(500)])
    let due = try #require(tail.due)
    #expect(due.made == Self.back && due.fitted == Self.back)
    let next = try #require(try tail.entry(for: due.fitted))
    #expect(next.entry.sequence == 2 && tail.chain?.sequence == 1)
    try tail.wasAppended(next.entry, at: next.end)
    tail.wasWritten(due.made)
    #expect(tail.due?.made == nil && tail.chain == next.end && tail.nextEntry == 3)
    #expect(tail.replay == tail.standing && tail.replay.percentages == ["orders": .zero])
  }

  @Test("An append that was not answered is looked for, and is not due where it is found")
  func unanswered() throws {
    var (tail, _) = try Self.tail()
    tail.wasDone(Self.back)
    let next = try #require(try tail.entry(for: Self.back))
    tail.appendFailed(CutoverJournalError(.timedOut, "it did not answer"))
    #expect(tail.isUncertain && tail.failure == "it did not answer" && tail.due?.made != nil)
    let news = try tail.take([next.entry], to: next.end)
    #expect(news.cutovers.isEmpty && news.contradictions.isEmpty)
    #expect(!tail.isUncertain && tail.due?.made == nil && tail.chain == next.end)
    // What the store says now about the same record changes nothing.
    tail.wasWritten(Self.back)
    #expect(tail.overdue.isEmpty)
  }

  @Test("One that is found nowhere is due as before")
  func lost() throws {
    var (tail, _) = try Self.tail()
    tail.wasDone(Self.back)
    tail.appendFailed(CutoverJournalError(.unusable, "the disk is full"))
    let end = try #require(tail.chain)
    _ = try tail.take([], to: end)
    #expect(!tail.isUncertain && tail.due?.made == Self.back)
    #expect(tail.failure == "the disk is full", "it was not written since")
  }

  @Test("Among several proxies what is due goes on from what others wrote")
  func fitted() throws {
    for isShared in [false, true] {
      var (tail, _) = try Self.tail(isShared: isShared)
      tail.wasDone(Self.back)
      let others = try #require(try tail.entry(for: Self.others))
      tail.appendFailed(CutoverJournalError(.conflict, "somebody else wrote"))
      #expect(!tail.isUncertain, "nothing of it is in the journal")
      _ = try tail.take([others.entry], to: others.end)
      let due = try #require(tail.due)
      #expect(due.made == Self.back)
      #expect(due.fitted.moves == [JournalTests.move("orders", isShared ? 2_500 : 500, 0)])
      #expect(tail.standing.percentages == ["orders": .zero])
      #expect(tail.standing.contradictions.isEmpty == isShared)
    }
  }

  @Test("Moves without an entry are told once")
  func contradictions() throws {
    var (tail, first) = try Self.tail()
    var chain = JournalChain(after: first)
    let odd = try chain.append(JournalTests.moved([JournalTests.move("orders", 900, 1_000)]))
    let news = try tail.take([odd], to: chain)
    #expect(news.contradictions.map(\.route) == ["orders"])
    #expect(try tail.take([], to: chain).contradictions.isEmpty)
  }
}
