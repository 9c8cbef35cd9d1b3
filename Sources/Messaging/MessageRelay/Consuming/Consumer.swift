// SPDX-License-Identifier: Apache-2.0

public import Logging
public import ServiceLifecycle
import Synchronization
public import Tracing
public import TransactionalMessaging

/// Reads a consumer group and applies each event's effects exactly once, through an inbox.
///
/// A delivery is acknowledged only after the inbox has committed what became of it. On graceful
/// shutdown the deliveries at hand are finished.
public final class Consumer: Service {
  private let group: String
  private let broker: any MessageBroker
  private let inbox: any EventInbox
  private let configuration: ConsumerConfiguration
  private let clock: any MessagingClock
  private let tracing: EventTracing?
  private let logger: Logger
  private let parkedChanged = WakeSignal()
  private let shutdown = WakeSignal()
  private let current = Mutex(ConsumerStatus())

  /// Creates a consumer; `run` starts it.
  ///
  /// - Parameters:
  ///   - group: name of the broker's group, the inbox's consumer name by default.
  ///   - broker: delivers the events.
  ///   - inbox: applies them.
  ///   - configuration: limits and times.
  ///   - clock: decides about time; the machine's clock by default.
  ///   - tracer: gets a span of each delivery; nil for none. What the inbox is given then carries
  ///     that span in place of the one in which the event was appended.
  ///   - logger: is told of events that fail and of outages.
  public init(
    group: String? = nil, broker: any MessageBroker, inbox: any EventInbox,
    configuration: ConsumerConfiguration = ConsumerConfiguration(),
    clock: any MessagingClock = SystemMessagingClock(), tracer: (any Tracer)? = nil,
    logger: Logger
  ) {
    self.group = group ?? inbox.consumer
    self.broker = broker
    self.inbox = inbox
    self.configuration = configuration
    self.clock = clock
    tracing = tracer.map(EventTracing.init)
    var logger = logger
    logger[metadataKey: "consumer"] = "\(inbox.consumer)"
    self.logger = logger
  }

  /// What it has done so far.
  public var status: ConsumerStatus { current.withLock { $0 } }

  /// Consumes until graceful shutdown or cancellation.
  ///
  /// - Throws: the broker's error when the group cannot be consumed at all.
  public func run() async throws {
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { await self.retryParked() }
        tasks.addTask { [self] in
          defer { shutdown.raise() }
          try await broker.consume(
            group: group, concurrency: configuration.concurrency
          ) { await self.handle($0) }
        }
        try await tasks.waitForAll()
      }
    } onGracefulShutdown: {
      self.shutdown.raise()
    }
  }

  // MARK: - Deliveries

  private func handle(_ message: BrokerMessage) async -> Disposition {
    let received: ReceivedEvent
    do throws(MalformedMessage) {
      received = try ReceivedEvent(message)
    } catch {
      current.withLock { $0.malformed += 1 }
      logger.error(
        "a message is no outbox event, it goes to the broker's dead letters",
        metadata: ["topic": "\(message.topic)", "key": "\(message.key)", "reason": "\(error)"])
      return .reject("\(error)")
    }
    do {
      let outcome = try await receive(received)
      note(outcome, of: received)
      return .acknowledge
    } catch let full as InboxFull {
      return .redeliver(afterMilliseconds: noteFull(full))
    } catch {
      // What ends a consumer also ends its transaction: nothing is wrong with the store.
      if Task.isCancelled { return .redeliver(afterMilliseconds: 0) }
      logger.error(
        "a delivery could not be recorded, it will come again",
        metadata: ["event": "\(received.event.id)", "reason": "\(error)"])
      return .redeliver(afterMilliseconds: noteOutage("\(error)"))
    }
  }

  private func receive(_ received: ReceivedEvent) async throws -> InboxOutcome {
    guard let tracing else { return try await inbox.receive(received, now: clock.now()) }
    var traced = received
    let span = tracing.beginProcessing(&traced, group: group)
    do {
      let outcome = try await ServiceContext.withValue(span.context) { [traced] in
        try await inbox.receive(traced, now: clock.now())
      }
      tracing.endProcessing(span, .success(outcome))
      return outcome
    } catch {
      tracing.endProcessing(span, .failure(error))
      throw error
    }
  }

  private func note(_ outcome: InboxOutcome, of received: ReceivedEvent) {
    current.withLock { $0.count(outcome) }
    switch outcome {
    case .applied(let unblocks):
      if unblocks { parkedChanged.raise() }
    case .failed(let reason, let nextAt):
      logger.warning(
        nextAt == nil
          ? "an event failed too often, its aggregate waits for an operator"
          : "an event failed, its aggregate waits",
        metadata: ["event": "\(received.event.id)", "reason": "\(reason)"])
      parkedChanged.raise()
    case .duplicate, .waiting:
      break
    }
  }

  private func noteFull(_ full: InboxFull) -> Int64 {
    let isFirst = current.withLock { status in
      status.refused += 1
      defer { status.isFullSaid = true }
      return !status.isFullSaid
    }
    if isFirst { logger.error("\(full); deliveries come again until there is room") }
    return configuration.fullInbox
  }

  private func noteOutage(_ reason: String) -> Int64 {
    current.withLock { status in
      status.outages += 1
      status.consecutiveOutages += 1
      status.lastOutage = reason
      var random = SystemRandomNumberGenerator()
      return configuration.outage.delay(
        afterAttempt: status.consecutiveOutages, using: &random)
    }
  }

  // MARK: - Parked events

  private func retryParked() async {
    while shutdown.generation == 0, !Task.isCancelled {
      let changes = parkedChanged.generation
      var wait = configuration.parkedPoll
      do {
        let now = clock.now()
        let round = try await inbox.retryParked(now: now, limit: configuration.parkedBatch)
        current.withLock { $0.retried += round.tried }
        if round.tried > 0 { continue }
        if let due = round.nextDue { wait = max(1, min(wait, due - now)) }
      } catch {
        if Task.isCancelled { return }
        logger.error("parked events could not be tried", metadata: ["reason": "\(error)"])
        wait = noteOutage("\(error)")
      }
      _ = await clock.wait(milliseconds: wait, or: [(parkedChanged, changes), (shutdown, 0)])
    }
  }
}
