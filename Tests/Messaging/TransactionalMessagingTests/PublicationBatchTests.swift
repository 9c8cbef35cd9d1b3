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

  private func publication(
    _ index: Int, of aggregates: String, lane: Int
  ) -> PublicationBatch.Publication {
    PublicationBatch.Publication(lane: lane, event: appended(aggregates)[index])
  }

  @Test func startsOneEventOfEachAggregate() {
    var batch = PublicationBatch(appended("abab"), concurrency: 8)
    #expect(batch.start().map(\.event.sequence) == [1, 2])
    #expect(batch.start().isEmpty)
    batch.finished(publication(1, of: "abab", lane: 1), failure: nil)
    #expect(batch.start().map(\.event.sequence) == [4])
    #expect(!batch.isSettled)
  }

  @Test func neverExceedsItsConcurrency() {
    var batch = PublicationBatch(appended("abcde"), concurrency: 2)
    #expect(batch.start().map(\.event.sequence) == [1, 2])
    batch.finished(publication(0, of: "abcde", lane: 0), failure: nil)
    #expect(batch.start().map(\.event.sequence) == [3])
    #expect(batch.start().isEmpty)
  }

  @Test func aRejectionEndsItsLaneOnly() {
    var batch = PublicationBatch(appended("abab"), concurrency: 8)
    _ = batch.start()
    batch.finished(publication(0, of: "abab", lane: 0), failure: .rejected("no"))
    batch.finished(publication(1, of: "abab", lane: 1), failure: nil)
    #expect(!batch.isAcknowledged)
    #expect(batch.start().map(\.event.sequence) == [4])
    batch.finished(publication(3, of: "abab", lane: 1), failure: nil)
    #expect(batch.isSettled)
    #expect(batch.lanes.map(\.acknowledged) == [0, 2])
    #expect(batch.lanes.map(\.rejection) == ["no", nil])
  }

  @Test func anUnavailableBrokerEndsTheBatch() {
    var batch = PublicationBatch(appended("abcab"), concurrency: 2)
    _ = batch.start()
    batch.finished(publication(0, of: "abcab", lane: 0), failure: .unavailable("down"))
    #expect(batch.start().isEmpty)
    #expect(!batch.isSettled)
    batch.finished(publication(1, of: "abcab", lane: 1), failure: nil)
    #expect(batch.isSettled)
    #expect(batch.lanes.map(\.acknowledged) == [0, 1, 0])
    #expect(batch.outage == "down")
  }

  @Test func ignoresWhatItDidNotStart() {
    var batch = PublicationBatch(appended("aa"), concurrency: 2)
    _ = batch.start()
    batch.finished(publication(1, of: "aa", lane: 0), failure: nil)
    #expect(batch.lanes[0].acknowledged == 0)
  }

  @Test func isAcknowledgedWithItsLastEvent() {
    var batch = PublicationBatch(appended("aba"), concurrency: 8)
    for publication in batch.start() { batch.finished(publication, failure: nil) }
    #expect(!batch.isAcknowledged)
    for publication in batch.start() { batch.finished(publication, failure: nil) }
    #expect(batch.isAcknowledged)
    #expect(batch.isSettled)
  }
}
