// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import GRDB
internal import Logging
internal import MessagePublisherHTTP
internal import MessageRelay
internal import MessageStorePostgreSQL
internal import MessageStoreSQLite
internal import RoutingDecisions
internal import ServiceLifecycle
internal import TransactionalMessaging
internal import UnixSignals

struct OutboxRelayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relay",
    abstract: "Send committed events to the service that takes them, in order per aggregate.",
    discussion: """
      Posts each event as a CloudEvent to the address that the configuration names; an answer of the
      class 2xx acknowledges it. An event that is refused or not answered in time is tried again,
      then its aggregate waits for an operator and the others go on. While the address cannot be
      reached, nothing counts as failed.

      In PostgreSQL it also makes the outbox's partitions, each hour, where its user owns the table.

      Start as many as you like: those of one name stand by for each other, and take over when one
      dies. SIGTERM and SIGINT finish what is under way and give the lease back.

      outbox:
        database: postgresql://shop@db.internal/shop
        publish: { url: https://orders.internal/events, token-env: EVENTS_TOKEN }

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
    let publisher = HTTPMessagePublisher(
      HTTPMessagePublisher.Configuration(
        url: target.url, token: try Self.token(target), source: target.source,
        timeout: settings.timeout.milliseconds, concurrency: settings.concurrency))
    do {
      try await OutboxPlace.reporting { try await relay(settings, target, publisher) }
    } catch {
      await publisher.close()
      throw error
    }
    await publisher.close()
  }

  private static func token(_ target: OutboxSettings.Target) throws -> String? {
    guard let variable = target.tokenEnvironmentVariable else { return nil }
    guard let token = ProcessInfo.processInfo.environment[variable], !token.isEmpty else {
      throw CommandFailure.unusable("the environment variable \(variable) is not set")
    }
    return token
  }

  private static var logger: Logger { Logger(label: "strangler.outbox") }

  /// What is wrong with the database from the start ends the command; what fails later is waited
  /// out.
  private func relay(
    _ settings: OutboxSettings, _ target: OutboxSettings.Target, _ publisher: HTTPMessagePublisher
  ) async throws {
    let place = settings.database
    guard OutboxPlace.isPostgreSQL(place) else {
      let file = try OutboxPlace.existing(place)
      _ = try await SQLiteOperatorDatabase(file).run([], changes: false)
      return try await serve(SQLiteRelayStore(file), settings, target, publisher)
    }
    #if PostgreSQL
      let store = try PostgreSQLRelayStore(place, name: "strangler-relay \(settings.relay)")
      defer { store.close() }
      try await store.check()
      let database = try PostgreSQLDatabase(place, configuration: .operators)
      defer { database.close() }
      try await serve(
        store, settings, target, publisher,
        beside: [OutboxUpkeep(database: database, logger: Self.logger)])
    #else
      throw OutboxPlace.missingTrait
    #endif
  }

  private func serve(
    _ store: any RelayStore, _ settings: OutboxSettings, _ target: OutboxSettings.Target,
    _ publisher: HTTPMessagePublisher, beside others: [any Service] = []
  ) async throws {
    let logger = Self.logger
    let relay = Relay(
      name: settings.relay, store: store, broker: publisher,
      configuration: settings.relayConfiguration,
      owner: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)-"
        + "\(UInt16.random(in: .min ... .max))",
      logger: logger)
    Terminal.standardOutput.write(
      "relay \(settings.relay): \(settings.database) -> \(target.shownURL)\n")
    ServiceNotification.ready()
    try await ServiceGroup(
      services: [relay] + others, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
    ServiceNotification.stopping()
  }
}

extension OutboxSettings {
  fileprivate var relayConfiguration: RelayConfiguration {
    var configuration = RelayConfiguration()
    configuration.page = PageLimit(events: batch)
    configuration.concurrency = concurrency
    configuration.attempts = attempts
    configuration.lease = lease.milliseconds
    // The publisher gives up first, and says why.
    configuration.publishTimeout = timeout.milliseconds * 2
    return configuration
  }
}

extension OutboxSettings.Target {
  /// The address without what may be secret in it: users and their passwords, and what is asked.
  fileprivate var shownURL: String {
    guard var parts = URLComponents(string: url) else { return "its address" }
    (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
    return parts.string ?? "its address"
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
