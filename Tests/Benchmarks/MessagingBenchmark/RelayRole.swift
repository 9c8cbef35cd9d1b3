// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageBrokerNATS
  import MessageRelay
  import MessageStorePostgreSQL
  import ServiceLifecycle
  import TransactionalMessaging

  /// What the benchmark's own program is when it is started as a relay: nothing else is in its
  /// memory.
  struct RelayRole: Codable {
    var database: String
    var nats: String
    var page: Int?
    var concurrency: Int?
    /// An aggregate that the broker refuses, as it were.
    var refused: String?

    /// Between two lines about itself, milliseconds.
    private static let reporting = 50

    /// Relays until SIGTERM, or until whoever started it is gone.
    func run() async throws {
      let broker = try NATSBroker(
        NATSBrokerConfiguration(
          NATSServer([nats]), stream: BenchmarkWorld.stream, creation: .init()),
        logger: BenchmarkWorld.logger)
      defer { broker.close() }
      try await broker.check()
      var configuration = RelayConfiguration()
      configuration.concurrency = concurrency
      if let page { configuration.page = PageLimit(events: page) }
      let publisher: any MessagePublisher =
        refused.map { RefusingPublisher(broker: broker, key: $0) } ?? broker
      let relay = Relay(
        store: try PostgreSQLRelayStore(database), broker: publisher, configuration: configuration,
        logger: BenchmarkWorld.logger)
      let services = ServiceGroup(services: [relay], logger: BenchmarkWorld.logger)
      signal(SIGTERM, SIG_IGN)
      let wish = DispatchSource.makeSignalSource(signal: SIGTERM)
      wish.setEventHandler { Task { await services.triggerGracefulShutdown() } }
      wish.resume()
      defer { wish.cancel() }
      let starter = getppid()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await services.run() }
        tasks.addTask {
          while getppid() == starter {
            try FileHandle.standardError.write(contentsOf: Report(relay.status).line)
            try await ContinuousClock().sleep(for: .milliseconds(Self.reporting))
          }
        }
        try await tasks.next()
        tasks.cancelAll()
      }
    }

    /// A line about the relay.
    struct Report: Codable {
      var acknowledged: Int
      var parked: Int
      var outage: String?
      /// Memory now and at most.
      var megabytes: Double
      var mostMegabytes: Double

      init(_ status: RelayStatus) throws {
        acknowledged = status.acknowledged
        parked = status.parkedAggregates
        outage = status.outage
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        megabytes = Self.megabytes("VmRSS:", text)
        mostMegabytes = Self.megabytes("VmHWM:", text)
      }

      fileprivate var line: Data { get throws { try JSONEncoder().encode(self) + Data("\n".utf8) } }

      private static func megabytes(_ name: String, _ text: String) -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (line.split(separator: " ").compactMap { Double($0) }.first ?? 0) / 1_024
      }
    }
  }

  private struct RefusingPublisher: BatchPublisher {
    let broker: NATSBroker
    let key: String

    func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      if let place = messages.firstIndex(where: { $0.key == key }) {
        settle(place, .rejected("this aggregate is refused"))
        var others = messages
        others.remove(at: place)
        await broker.publish(others) { settle($0 < place ? $0 : $0 + 1, $1) }
      } else {
        await broker.publish(messages, settle: settle)
      }
    }

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      if message.key == key { throw .rejected("this aggregate is refused") }
      try await broker.publish(message)
    }
  }
#endif
