// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// Publishes one batch: in parallel across aggregates, until all is settled, nothing is confirmed
/// for too long, or the task is cancelled.
struct BatchPublishing: Sendable {
  let broker: any MessagePublisher
  let clock: any MessagingClock
  let concurrency: Int
  /// Longest wait for a confirmation, in milliseconds.
  let timeout: Int64

  private enum Step: Sendable {
    case finished(AppendedEvent, PublishFailure?)
    case deadline
  }

  /// Why publications ended that did not end by themselves.
  private enum End {
    case overdue, cancelled
  }

  func run(_ events: [AppendedEvent]) async -> PublicationBatch {
    var batch = PublicationBatch(events, concurrency: concurrency)
    await withTaskGroup(of: Step.self) { group in
      var lastProgress = clock.now()
      var end: End?
      wait(timeout, in: &group)
      for event in batch.start() { add(event, to: &group) }
      while !batch.isSettled, let step = await group.next() {
        switch step {
        case .finished(let event, let failure):
          lastProgress = clock.now()
          batch.finished(event, failure: failure.map { self.failure($0, end) })
          for event in batch.start() { add(event, to: &group) }
        case .deadline:
          let left = lastProgress + timeout - clock.now()
          if Task.isCancelled {
            end = .cancelled
            batch.close(because: "publishing was stopped")
          } else if left > 0 {
            wait(left, in: &group)
          } else {
            end = .overdue
            batch.close(because: "nothing was confirmed within \(timeout) ms")
            group.cancelAll()
          }
        }
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

  private func wait(_ milliseconds: Int64, in group: inout TaskGroup<Step>) {
    let clock = clock
    group.addTask {
      // Cancelled when the batch has settled: then nobody looks at the result.
      try? await clock.sleep(milliseconds: milliseconds)
      return .deadline
    }
  }

  private func add(_ event: AppendedEvent, to group: inout TaskGroup<Step>) {
    let broker = broker
    group.addTask {
      if let defect = event.defect { return .finished(event, .rejected(defect)) }
      do throws(PublishFailure) {
        try await broker.publish(BrokerMessage(event))
        return .finished(event, nil)
      } catch {
        return .finished(event, error)
      }
    }
  }
}
