// SPDX-License-Identifier: Apache-2.0

public import Logging
public import MessageRelay
public import SagaModel
public import ServiceLifecycle
import Synchronization
public import Tracing
public import TransactionalMessaging

/// Runs sagas: begins their steps, waits for answers, and undoes what was done where a saga cannot
/// go on.
///
/// Several orchestrators, each with a name of its own, share the sagas of one database; one whose
/// process ended is taken over by the others when its lease has ended, and by a process of the same
/// name at once. A process whose name another one takes can store nothing more and ends.
///
/// ```swift
/// let orchestrator = SagaOrchestrator(
///   name: "shop-1", store: sagas, sagas: [checkout, refund], logger: logger)
/// try await ServiceGroup(services: [orchestrator, answers, relay], logger: logger).run()
/// ```
public final class SagaOrchestrator<Store: SagaStore>: Service {
  private let name: String
  private let store: Store
  private let scripts: [SagaIdentity: SagaScript<Store>]
  private let configuration: OrchestratorConfiguration
  private let clock: any MessagingClock
  private let tracing: SagaTracing?
  private let logger: Logger
  private let shutdown = WakeSignal()
  private let current = Mutex(OrchestratorStatus())

  /// Creates an orchestrator; `run` starts it.
  ///
  /// - Parameters:
  ///   - name: the same each time that this instance starts, such as its host's name; no two
  ///     processes have one at the same time.
  ///   - store: where the sagas are.
  ///   - sagas: every definition that still has sagas, old versions too.
  ///   - configuration: limits and times.
  ///   - clock: decides about time; the machine's clock by default.
  ///   - tracer: gets a span of each attempt of a step, below the context that the saga was begun
  ///     with; nil for none.
  ///   - logger: is told of sagas that are stuck and of outages.
  public init(
    name: String, store: Store, sagas: [any SagaDefinition<Store>],
    configuration: OrchestratorConfiguration = OrchestratorConfiguration(),
    clock: any MessagingClock = SystemMessagingClock(), tracer: (any Tracer)? = nil,
    logger: Logger
  ) {
    self.name = name
    self.store = store
    scripts = Dictionary(sagas.map { ($0.script.plan.identity, $0.script) }) { first, _ in first }
    self.configuration = configuration
    self.clock = clock
    tracing = tracer.map(SagaTracing.init)
    var logger = logger
    logger[metadataKey: "orchestrator"] = "\(name)"
    self.logger = logger
  }

  /// What it has done so far.
  public var status: OrchestratorStatus { current.withLock { $0 } }

  /// Runs sagas until graceful shutdown, which lets the calls at hand end, or cancellation.
  /// Failures of the store are waited out.
  ///
  /// - Throws: `SagaFenced` when another process has taken the name.
  public func run() async throws {
    try await withGracefulShutdownHandler {
      try await orchestrate()
    } onGracefulShutdown: {
      self.shutdown.raise()
    }
  }

  private func orchestrate() async throws {
    var former: SagaLease?
    var failures = 0
    defer { current.withLock { $0.isRunning = false } }
    while shutdown.generation == 0, !Task.isCancelled {
      do {
        let until = clock.now() + configuration.lease
        let lease = try await store.acquire(name, after: former, until: until)
        former = lease
        failures = 0
        current.withLock { status in
          status.isRunning = true
          status.outage = nil
        }
        let term = OrchestratorTerm(
          lease: lease, until: until, store: store, scripts: scripts,
          configuration: configuration, clock: clock, tracing: tracing, logger: logger,
          shutdown: shutdown
        ) { change in self.current.withLock { change(&$0) } }
        try await term.run()
      } catch let error as SagaFenced {
        throw error
      } catch {
        if Task.isCancelled { return }
        failures += 1
        current.withLock { $0.outage = "\(error)" }
        logger.error("sagas do not go on", metadata: ["reason": "\(error)"])
        var random = SystemRandomNumberGenerator()
        let pause = configuration.outage.delay(afterAttempt: failures, using: &random)
        _ = await clock.wait(milliseconds: pause, or: [(shutdown, 0)])
      }
    }
  }
}
