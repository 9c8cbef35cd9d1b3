// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing
import TransactionalMessaging

struct PublicationBatchTests {
  private func appended(_ aggregates: String) -> [AppendedEvent] {
    var versions: [Character: Int64] = [:]
    return aggregates.enumerated().map { index, aggregate in
      versions[aggregate, default: 0] += 1
      return AppendedEvent(
        sequence: Int64(index + 1), version: versions[aggregate] ?? 0,
        event: SampleEvents.event(index + 1, aggregate: String(aggregate)))
    }
  }

  @Test func startsOneEventOfEachAggregate() {
    var batch = PublicationBatch(appended("abab"), concurrency: 8)
    #expect(batch.start().map(\.sequence) == [1, 2])
    #expect(batch.start().isEmpty)
    batch.finished(appended("abab")[1], failure: nil)
    #expect(batch.start().map(\.sequence) == [4])
    #expect(!batch.isSettled)
  }

  @Test func neverExceedsItsConcurrency() {
    let events = appended("abcde")
    var batch = PublicationBatch(events, concurrency: 2)
    #expect(batch.start().map(\.sequence) == [1, 2])
    batch.finished(events[0], failure: nil)
    #expect(batch.start().map(\.sequence) == [3])
    #expect(batch.start().isEmpty)
  }

  @Test func aRejectionEndsItsLaneOnly() {
    let events = appended("abab")
    var batch = PublicationBatch(events, concurrency: 8)
    _ = batch.start()
    batch.finished(events[0], failure: .rejected("no"))
    batch.finished(events[1], failure: nil)
    #expect(batch.start().map(\.sequence) == [4])
    batch.finished(events[3], failure: nil)
    #expect(batch.isSettled)
    #expect(batch.lanes.map(\.acknowledged) == [0, 2])
    #expect(batch.lanes.map(\.rejection) == ["no", nil])
  }

  @Test func anUnavailableBrokerEndsTheBatch() {
    let events = appended("abcab")
    var batch = PublicationBatch(events, concurrency: 2)
    _ = batch.start()
    batch.finished(events[0], failure: .unavailable("down"))
    #expect(batch.start().isEmpty)
    #expect(!batch.isSettled)
    batch.finished(events[1], failure: nil)
    #expect(batch.isSettled)
    #expect(batch.lanes.map(\.acknowledged) == [0, 1, 0])
    #expect(batch.outage == "down")
  }

  @Test func ignoresWhatItDidNotStart() {
    let events = appended("aa")
    var batch = PublicationBatch(events, concurrency: 2)
    _ = batch.start()
    batch.finished(events[1], failure: nil)
    #expect(batch.lanes[0].acknowledged == 0)
  }
}
