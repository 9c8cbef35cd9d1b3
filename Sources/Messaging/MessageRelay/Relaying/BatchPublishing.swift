// SPDX-License-Identifier: Apache-2.0

import Tracing
import TransactionalMessaging

/// Publishes one batch: in parallel across aggregates, until all is settled, nothing is confirmed
/// for too long, or the task is cancelled.
struct BatchPublishing: Sendable {
  let broker: any MessagePublisher
  let clock: any MessagingClock
  let concurrency: Int
  /// The part of what is under way that makes the next batch.
  private static let share = 4

  /// Longest wait for a confirmation, in milliseconds.
  let timeout: Int64
  let tracing: EventTracing?

  /// Why publications ended that did not end by themselves.
  private enum End {
    case overdue, cancelled
  }

  func run(_ events: [AppendedEvent]) async -> PublicationBatch {
    var batch = PublicationBatch(events, concurrency: concurrency)
    let settlements = Settlements()
    await withDiscardingTaskGroup { group in
      var lastProgress = clock.now()
      var end: End?
      wait(timeout, settlements, in: &group)
      publish(batch.start(), settlements, in: &group)
      while !batch.isSettled {
        for step in await settlements.next(atLeast: worthwhile(of: batch.inFlight)) {
          switch step {
          case .finished(let lane, let sequence, let failure):
            lastProgress = clock.now()
            batch.finished(
              lane: lane, sequence: sequence, failure: failure.map { self.failure($0, end) })
          case .deadline:
            let left = lastProgress + timeout - clock.now()
            if Task.isCancelled {
              end = .cancelled
              batch.close(because: "publishing was stopped")
            } else if left > 0 {
              wait(left, settlements, in: &group)
            } else {
              end = .overdue
              batch.close(because: "nothing was confirmed within \(timeout) ms")
              group.cancelAll()
            }
          }
        }
        publish(batch.start(), settlements, in: &group)
      }
      group.cancelAll()
    }
    return batch
  }

  /// What was cut off says so itself, in words of its own; the reason is known better here.
  private func failure(_ failure: PublishFailure, _ end: End?) -> PublishFailure {
    switch end {
    case .overdue: .rejected("not confirmed within \(timeout) ms")
    case .cancelled: .unavailable("publishing was stopped")
    case nil: Task.isCancelled ? .unavailable("publishing was stopped") : failure
    }
  }

  /// How many confirmations it takes to go on: with a publisher that takes batches, as many as make
  /// one that is worth it.
  private func worthwhile(of inFlight: Int) -> Int {
    broker is any BatchPublisher ? max(1, inFlight / Self.share) : 1
  }

  private func wait(
    _ milliseconds: Int64, _ settlements: Settlements, in group: inout DiscardingTaskGroup
  ) {
    let clock = clock
    group.addTask {
      // Cancelled when the batch has settled: then nobody looks at the result.
      try? await clock.sleep(milliseconds: milliseconds)
      settlements.add(.deadline)
    }
  }

  private func publish(
    _ publications: [PublicationBatch.Publication], _ settlements: Settlements,
    in group: inout DiscardingTaskGroup
  ) {
    let sound = publications.filter { $0.event.defect == nil }
    if sound.count < publications.count {
      for publication in publications {
        guard let defect = publication.event.defect else { continue }
        settlements.add(publication, .rejected(defect))
      }
    }
    guard !sound.isEmpty else { return }
    if let broker = broker as? any BatchPublisher {
      let spans = tracing.map { tracing in sound.map { tracing.beginSending($0.event.event) } }
      group.addTask { [tracing] in
        await broker.publish(sound.map { BrokerMessage($0.event) }) { place, failure in
          if let span = spans?[place] { tracing?.endSending(span, failure) }
          settlements.add(sound[place], failure)
        }
      }
      return
    }
    for publication in sound {
      group.addTask { [self] in settlements.add(publication, await send(publication.event)) }
    }
  }

  private func send(_ event: AppendedEvent) async -> PublishFailure? {
    let span = tracing?.beginSending(event.event)
    var failure: PublishFailure?
    do throws(PublishFailure) {
      try await broker.publish(BrokerMessage(event))
    } catch {
      failure = error
    }
    if let span { tracing?.endSending(span, failure) }
    return failure
  }
}

extension Settlements {
  fileprivate func add(
    _ publication: borrowing PublicationBatch.Publication, _ failure: PublishFailure?
  ) {
    add(
      .finished(
        lane: publication.lane, sequence: publication.event.sequence, failure))
  }
}
