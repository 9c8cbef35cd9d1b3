// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization
public import Tracing
public import TransactionalMessaging

/// Moves committed events from an outbox to a broker: at least once, in order within each
/// aggregate, in parallel across them.
///
/// Several relays of one name may run for one outbox, in one process or many: one owns the lease,
/// the others stand by. On graceful shutdown the batch at hand is finished and the lease given
/// back.
///
/// ```swift
/// let relay = Relay(
///   store: SQLiteRelayStore(database), broker: broker, signal: outbox.signal, logger: logger)
/// try await ServiceGroup(services: [consumer, relay], logger: logger).run()
/// ```
public final class Relay: Service {
  /// Name of the relay; each name has its own cursor over the outbox.
  public let name: String
  /// Unique name of this instance.
  public let owner: String

  private let store: any RelayStore
  private let broker: any MessagePublisher
  private let configuration: RelayConfiguration
  private let clock: any MessagingClock
  private let seed: UInt64
  private let tracing: EventTracing?
  private let logger: Logger
  private let committed: WakeSignal
  private let shutdown = WakeSignal()
  private let current = Mutex(RelayStatus())

  /// Creates a relay; `run` starts it.
  ///
  /// - Parameters:
  ///   - name: whose cursor it goes on with; another name publishes everything anew.
  ///   - store: the outbox.
  ///   - broker: takes the events.
  ///   - signal: the outbox's signal when it is in this process; without it the relay only polls.
  ///   - configuration: limits and times.
  ///   - owner: unique name of this instance, random by default.
  ///   - clock: decides about time; the machine's clock by default.
  ///   - seed: of the jitter in waiting times, random by default.
  ///   - tracer: gets a span of each event that belongs to a trace; nil for none.
  ///   - logger: is told of events that fail and of outages.
  public init(
    name: String = "default", store: any RelayStore, broker: any MessagePublisher,
    signal: WakeSignal = WakeSignal(), configuration: RelayConfiguration = RelayConfiguration(),
    owner: String? = nil,
    clock: any MessagingClock = SystemMessagingClock(),
    seed: UInt64 = UInt64.random(in: .min ... .max), tracer: (any Tracer)? = nil, logger: Logger
  ) {
    self.name = name
    self.owner = owner ?? UUID().uuidString.lowercased()
    self.store = store
    self.broker = broker
    self.configuration = configuration
    self.clock = clock
    self.seed = seed
    tracing = tracer.map(EventTracing.init)
    committed = signal
    var logger = logger
    logger[metadataKey: "relay"] = "\(name)"
    self.logger = logger
  }

  /// What it has done so far.
  public var status: RelayStatus { current.withLock { $0 } }

  /// Looks for new events at once instead of at the next poll; cheap, from any thread.
  public func nudge() { committed.raise() }

  /// Relays until graceful shutdown or cancellation. Failures of store and broker are waited out.
  public func run() async throws {
    await withGracefulShutdownHandler {
      await relay()
    } onGracefulShutdown: {
      self.shutdown.raise()
    }
  }

  private func relay() async {
    var run = RelayRun(
      name: name, owner: owner, store: store, broker: broker, configuration: configuration,
      clock: clock, committed: committed, shutdown: shutdown,
      machine: RelayStateMachine(configuration: configuration, seed: seed),
      tracing: tracing, logger: logger)
    await run.untilFinished { status in self.current.withLock { $0 = status } }
  }
}
