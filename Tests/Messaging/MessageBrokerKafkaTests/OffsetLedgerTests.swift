// SPDX-License-Identifier: Apache-2.0

import MessageBrokerKafka
import Testing
import TransactionalMessaging

struct OffsetLedgerTests {
  /// Lets expectations call the value's mutating functions.
  private final class Subject {
    private var ledger = OffsetLedger()

    init(_ offsets: Int64...) {
      for offset in offsets { _ = ledger.came(offset) }
    }

    var count: Int { ledger.count }
    func came(_ offset: Int64) -> Bool { ledger.came(offset) }
    func consumed(_ offsets: Int64...) { for offset in offsets { ledger.consumed(offset) } }
    func ended() { ledger.ended() }
    func consumedLate(_ offset: Int64) { ledger.consumedLate(offset) }
    func giveBack(_ passed: Int) { ledger.giveBack(passed: passed) }
    func position() -> [Int64]? {
      ledger.takePosition().map { [$0.offset, Int64($0.passed)] }
    }
  }

  @Test func thePositionPassesWhatIsConsumedWithoutAGap() {
    let ledger = Subject(5, 6, 7)
    #expect(ledger.position() == nil)
    ledger.consumed(6)
    #expect(ledger.position() == nil)
    ledger.consumed(5)
    #expect(ledger.position() == [7, 2])
    #expect(ledger.position() == nil)
    ledger.consumed(7)
    #expect(ledger.position() == [8, 1])
    #expect(ledger.count == 0)
  }

  @Test func offsetsThatNeverCameAreNoGaps() {
    let ledger = Subject(5, 9)
    ledger.consumed(5)
    #expect(ledger.position() == [9, 1])
    ledger.consumed(9)
    #expect(ledger.position() == [10, 1])
  }

  @Test func whatCameBeforeDoesNotComeAgain() {
    let ledger = Subject(5, 6)
    #expect(!ledger.came(6))
    ledger.consumed(5, 6)
    #expect(!ledger.came(6))
    #expect(ledger.came(7))
    ledger.consumed(4, 8)
    #expect(ledger.position() == [7, 2])
  }

  @Test func aGroupThatWasNotToldIsToldAgain() {
    let ledger = Subject(5)
    ledger.consumed(5)
    #expect(ledger.position() == [6, 1])
    ledger.giveBack(1)
    #expect(ledger.position() == [6, 1])
  }

  @Test func whatWasConsumedAheadIsKnownWhenThePartitionComesBack() {
    let ledger = Subject(5, 6, 7, 8)
    ledger.consumed(6, 8)
    ledger.ended()
    #expect(ledger.position() == nil)
    // A handler that was at it ends late.
    ledger.consumedLate(7)
    #expect(ledger.came(5))
    #expect(!ledger.came(6))
    #expect(!ledger.came(7))
    #expect(!ledger.came(8))
    ledger.consumed(5)
    #expect(ledger.position() == [9, 4])
    ledger.ended()
    #expect(ledger.came(9))
  }

  @Test func itMayBeginWithWhatWasConsumed() {
    let ledger = Subject(5, 6)
    ledger.consumed(6)
    ledger.ended()
    #expect(!ledger.came(6))
    #expect(ledger.position() == [7, 1])
  }

  @Test func anyOrderComesToTheSame() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<50 {
      var ledger = OffsetLedger()
      for offset in Int64(0)..<40 { _ = ledger.came(offset) }
      var passed = 0
      var last: Int64 = 0
      for offset in (Int64(0)..<40).shuffled(using: &random) {
        ledger.consumed(offset)
        guard let position = ledger.takePosition() else { continue }
        passed += position.passed
        #expect(position.offset > last)
        #expect(position.offset == Int64(passed))
        last = position.offset
      }
      #expect(last == 40)
    }
  }
}
