// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import GRDB
internal import Logging
internal import MessageRelay
internal import MessageStorePostgreSQL
internal import MessageStoreSQLite
internal import RoutingDecisions
internal import ServiceLifecycle
internal import ServiceTracing
internal import TraceSpans
internal import TransactionalMessaging
internal import UnixSignals

struct OutboxRelayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relay",
    abstract: "Send committed events to a service or a broker, in order per aggregate.",
    discussion: """
      Posts each event as a CloudEvent to the address that the configuration names, where an answer
      of the class 2xx acknowledges it, or publishes it to a broker, which acknowledges what it has
      stored. An event that is refused or not answered in time is tried again, then its aggregate
      waits for an operator and the others go on. While the other side as a whole cannot be reached
      or takes nothing, nothing counts as failed.

      In PostgreSQL it also makes the outbox's partitions, each hour, where its user owns the table.

      Start as many as you like: those of one name stand by for each other, and take over when one
      dies. SIGTERM and SIGINT finish what is under way and give the lease back.

      outbox:
        database: postgresql://shop@db.internal/shop
        publish: { url: https://orders.internal/events, token-env: EVENTS_TOKEN }

      or, with a build that has the trait NATS,

        publish: { nats: { servers: [nats://nats.internal:4222], stream: SHOP } }

      With outbox.tracing: { collector: "http://127.0.0.1:4318/v1/traces" } each event that belongs
      to a trace is a span.

      With outbox.metrics: 9902 it serves http://127.0.0.1:9902/metrics for Prometheus.

      EXAMPLES
        strangler outbox relay --config strangler.yaml
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Option(help: "Least severe level that is logged to standard error.")
  var logLevel = LogLevel.info

  func run() async throws {
    let settings = try OutboxPlace.settings(configuration.file)
    guard let target = settings.target else {
      throw CommandFailure.unusable(
        "\(configuration.file) does not say where events go: outbox.publish is missing")
    }
    let level = logLevel.level
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let opened = try settings.open(target, logger: Self.logger)
    do {
      try await OutboxPlace.reporting { try await relay(settings, opened) }
    } catch {
      await opened.close()
      throw error
    }
    await opened.close()
  }

  private static var logger: Logger { Logger(label: "strangler.outbox") }

  /// What is wrong with the database or the target from the start ends the command; what fails
  /// later is waited out.
  private func relay(_ settings: OutboxSettings, _ target: OpenedTarget) async throws {
    let place = settings.database
    guard OutboxPlace.isPostgreSQL(place) else {
      let file = try OutboxPlace.existing(place)
      let operators = SQLiteOperatorDatabase(file)
      _ = try await operators.run([], changes: false)
      return try await serve(SQLiteRelayStore(file), operators, settings, target)
    }
    #if PostgreSQL
      let store = try PostgreSQLRelayStore(place, name: "strangler-relay \(settings.relay)")
      defer { store.close() }
      try await store.check()
      let database = try PostgreSQLDatabase(place, configuration: .operators)
      defer { database.close() }
      try await serve(
        store, PostgreSQLOperatorDatabase(database), settings, target,
        beside: [OutboxUpkeep(database: database, logger: Self.logger)])
    #else
      throw OutboxPlace.missingTrait
    #endif
  }

  private func serve(
    _ store: any RelayStore, _ operators: any OperatorDatabase, _ settings: OutboxSettings,
    _ target: OpenedTarget, beside others: [any Service] = []
  ) async throws {
    try await target.check()
    let logger = Self.logger
    let tracer = settings.tracing.map { ServiceTracer(TracingSettings($0), logger: logger) }
    let relay = Relay(
      name: settings.relay, store: store, broker: target.publisher,
      configuration: settings.relayConfiguration(target),
      owner: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)-"
        + "\(UInt16.random(in: .min ... .max))",
      tracer: tracer, logger: logger)
    Terminal.standardOutput.write(
      "relay \(settings.relay): \(settings.database) -> \(target.shown)\n")
    ServiceNotification.ready()
    // Shut down from the last to the first: metrics are told, and spans are sent, until the relay
    // has ended.
    let server = settings.metrics.map { metrics($0, of: relay, operators) }
    do {
      try await ServiceGroup(
        services: [tracer, server].compactMap { $0 as (any Service)? } + [relay] + others,
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
      ).run()
    } catch let error as MetricsServer.BindFailed {
      throw CommandFailure.unusable("outbox.metrics: \(error)")
    }
    ServiceNotification.stopping()
  }

  private func metrics(
    _ address: NetworkAddress, of relay: Relay, _ operators: any OperatorDatabase
  ) -> any Service {
    let observation = OutboxObservation(OutboxOperator(operators), relay: relay)
    return MetricsServer(
      listen: address, logger: Self.logger,
      onListening: { port in
        let shown = NetworkAddress(host: address.host, port: port)
        Terminal.standardOutput.write("metrics: http://\(shown)/metrics\n")
      }, text: { await observation.text() })
  }
}

extension TracingSettings {
  fileprivate init(_ configuration: TracingConfiguration) {
    self.init(
      collector: configuration.collector, service: configuration.serviceName,
      sample: configuration.sample)
  }
}

extension OutboxSettings {
  fileprivate func relayConfiguration(_ target: OpenedTarget) -> RelayConfiguration {
    var configuration = RelayConfiguration()
    configuration.page = PageLimit(events: batch)
    configuration.concurrency = concurrency
    configuration.attempts = attempts
    configuration.lease = lease.milliseconds
    configuration.publishTimeout = target.publishTimeout
    return configuration
  }
}
