// SPDX-License-Identifier: Apache-2.0

internal import MessageRelay
internal import TortureModel
internal import TransactionalMessaging

/// A store that dies where it is told to, and says when it owns the lease.
struct CrashingRelayStore: RelayStore {
  let store: any RelayStore
  let points: CrashPoints
  let voice: ChildVoice

  func acquire(_ request: LeaseRequest) async throws -> RelayPosition? {
    let position = try await store.acquire(request)
    if let position {
      voice.tell(.owns(epoch: position.lease.epoch))
      points.pass(.leaseTaken)
    }
    return position
  }

  func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage {
    let page = try await store.events(after: cursor, limit: limit)
    if !page.events.isEmpty { points.pass(.pageRead) }
    return page
  }

  func events(
    of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor, limit: PageLimit
  ) async throws -> EventPage {
    try await store.events(of: aggregate, from: sequence, through: cursor, limit: limit)
  }

  func save(_ progress: RelayProgress) async throws {
    points.pass(.acknowledgedUnsaved)
    try await store.save(progress)
    points.pass(.saved)
  }

  func renew(_ lease: RelayLease, until: Int64) async throws {
    try await store.renew(lease, until: until)
  }

  func release(_ lease: RelayLease) async throws { try await store.release(lease) }
}

/// A publisher that tells the ledger what it is about to send, and dies where it is told to.
struct TappedPublisher: MessagePublisher {
  let publisher: any MessagePublisher
  let points: CrashPoints
  let voice: ChildVoice

  func publish(_ message: BrokerMessage) async throws(PublishFailure) {
    tap(message)
    try await publisher.publish(message)
  }

  fileprivate func tap(_ message: BrokerMessage) {
    let version = message.headers[MessageHeader.aggregateVersion].flatMap { Int64($0) } ?? 0
    points.pass(.midPublish)
    voice.tell(
      .sent(
        at: ChildVoice.now(), id: message.headers[MessageHeader.id] ?? "", aggregate: message.key,
        version: version))
    points.passSoon(.sentUnanswered)
  }

  /// The same of a publisher that takes many messages at once.
  struct OfBatches: BatchPublisher {
    let publisher: any BatchPublisher
    let tapped: TappedPublisher

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      try await tapped.publish(message)
    }

    func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      for message in messages { tapped.tap(message) }
      await publisher.publish(messages, settle: settle)
    }
  }

  /// Itself, as what it taps is.
  var asPublished: any MessagePublisher {
    guard let publisher = publisher as? any BatchPublisher else { return self }
    return OfBatches(publisher: publisher, tapped: self)
  }
}

extension RelayConfiguration {
  /// Short waits, so that much happens; nothing is ever given up.
  init(_ settings: TortureSettings) {
    self.init()
    page = PageLimit(events: 32)
    lease = settings.lease
    standby = 25
    attempts = 1_000_000
    retry = Backoff(first: 50, most: 400)
    outage = Backoff(first: 5, most: 100)
    publishTimeout = 20_000
  }
}
