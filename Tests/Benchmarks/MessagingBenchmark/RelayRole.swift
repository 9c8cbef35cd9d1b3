// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageBrokerNATS
  import MessageRelay
  import MessageStorePostgreSQL
  import ServiceLifecycle
  import TransactionalMessaging

  /// What the benchmark's own program is when it is started as a relay: nothing else is in its
  /// memory, and what it says of itself takes none of Foundation, which would be in it too.
  struct RelayRole {
    var database: String
    var nats: String
    var page: Int?
    var concurrency: Int?
    /// An aggregate that the broker refuses, as it were.
    var refused: String?

    /// Between two lines about itself, milliseconds.
    private static let reporting = 50
    /// Stands between parts of a text, none of which has it.
    private static let separator: Character = "\n"

    /// As an argument.
    var text: String {
      let numbers = [page, concurrency].map { $0.map { "\($0)" } ?? "" }
      return ([database, nats] + numbers + [refused ?? ""])
        .joined(separator: String(Self.separator))
    }

    init(
      database: String, nats: String, page: Int?, concurrency: Int?, refused: String?
    ) {
      self.database = database
      self.nats = nats
      self.page = page
      self.concurrency = concurrency
      self.refused = refused
    }

    init?(text: String) {
      let parts = text.split(separator: Self.separator, omittingEmptySubsequences: false)
      guard parts.count == 5 else { return nil }
      self.init(
        database: String(parts[0]), nats: String(parts[1]), page: Int(parts[2]),
        concurrency: Int(parts[3]), refused: parts[4].isEmpty ? nil : String(parts[4]))
    }

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
            let line = Report(relay.status).line
            guard write(STDERR_FILENO, line, line.utf8.count) > 0 else { return }
            try await ContinuousClock().sleep(for: .milliseconds(Self.reporting))
          }
        }
        try await tasks.next()
        tasks.cancelAll()
      }
    }

    /// A line about the relay.
    struct Report {
      var acknowledged: Int
      var parked: Int
      /// Memory now and at most.
      var megabytes: Double
      var mostMegabytes: Double

      init(_ status: RelayStatus) {
        acknowledged = status.acknowledged
        parked = status.parkedAggregates
        (megabytes, mostMegabytes) = Self.memory()
      }

      /// - Parameter line: without its end; nil for one that is none of these.
      init?(line: some StringProtocol) {
        let parts = line.split(separator: " ")
        guard parts.count == 4, let acknowledged = Int(parts[0]), let parked = Int(parts[1]),
          let now = Double(parts[2]), let most = Double(parts[3])
        else { return nil }
        self.acknowledged = acknowledged
        self.parked = parked
        (megabytes, mostMegabytes) = (now, most)
      }

      fileprivate var line: String { "\(acknowledged) \(parked) \(megabytes) \(mostMegabytes)\n" }

      private static func memory() -> (Double, Double) {
        var (now, most) = (0.0, 0.0)
        guard let file = fopen("/proc/self/status", "r") else { return (now, most) }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
          let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
          let line = String(decoding: bytes, as: UTF8.self)
          let kilobytes = line.split { $0 == " " || $0 == "\t" }.dropFirst().first
          if line.hasPrefix("VmRSS:") { now = (kilobytes.flatMap { Double($0) } ?? 0) / 1_024 }
          if line.hasPrefix("VmHWM:") { most = (kilobytes.flatMap { Double($0) } ?? 0) / 1_024 }
        }
        return (now, most)
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
