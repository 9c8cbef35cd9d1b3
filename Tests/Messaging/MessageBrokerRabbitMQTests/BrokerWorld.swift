// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import Logging
  import MessageBrokerRabbitMQ
  import MessagingConformance
  import RabbitMQTesting
  import Synchronization
  import Testing
  import TransactionalMessaging

  /// An exchange of its own on the suite's server, with a broker for it.
  struct BrokerWorld {
    static let topic = BrokerConformance.topic
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let exchanges = Mutex(0)

    let exchange: String
    let configuration: RabbitMQBrokerConfiguration
    let broker: RabbitMQBroker

    init(configure: (inout RabbitMQBrokerConfiguration) -> Void = { _ in }) throws {
      exchange = Self.exchanges.withLock { exchanges in
        exchanges += 1
        return "shop\(exchanges)"
      }
      var configuration = try Self.configuration(exchange)
      configure(&configuration)
      self.configuration = configuration
      broker = try RabbitMQBroker(configuration, logger: Self.logger)
    }

    /// Another process, as it were.
    static func broker(
      _ exchange: String, configure: (inout RabbitMQBrokerConfiguration) -> Void = { _ in }
    ) throws -> RabbitMQBroker {
      var configuration = try configuration(exchange)
      configure(&configuration)
      return try RabbitMQBroker(configuration, logger: logger)
    }

    private static func configuration(
      _ exchange: String
    ) throws -> RabbitMQBrokerConfiguration {
      RabbitMQBrokerConfiguration(
        try server(), exchange: exchange,
        groups: [.init("one", topics: [topic]), .init("two", topics: [topic])],
        creation: RabbitMQBrokerConfiguration.Creation(settling: 0))
    }

    static func server() throws -> RabbitMQServer {
      RabbitMQServer(
        [try #require(ServerTrait.server).address], user: RabbitMQTestServer.user,
        password: RabbitMQTestServer.password, heartbeat: 1_000)
    }

    static func message(_ number: Int, key: String = "k", payload: [UInt8]? = nil) -> BrokerMessage
    {
      BrokerMessage(
        topic: topic, key: key, headers: ["id": SampleEvents.id(number), "number": "\(number)"],
        payload: payload ?? Array("\(number)".utf8))
    }

    /// What a publication comes to.
    static func failure(
      of message: BrokerMessage, to broker: RabbitMQBroker
    ) async -> PublishFailure? {
      do throws(PublishFailure) {
        try await broker.publish(message)
        return nil
      } catch {
        return error
      }
    }

    /// Publishes, and again while the broker is unavailable, as a relay does.
    static func publish(_ message: BrokerMessage, to broker: RabbitMQBroker) async throws {
      while let failure = await failure(of: message, to: broker) {
        guard case .unavailable = failure else { throw failure }
        try Task.checkCancellation()
        await Task.yield()
      }
    }
  }

  /// What a group has seen, in order.
  final class Deliveries: Sendable {
    private let messages = Mutex<[BrokerMessage]>([])
    private let changed = WakeSignal()

    var all: [BrokerMessage] { messages.withLock { $0 } }
    var numbers: [String] { all.map { $0.headers["number"] ?? "?" } }

    /// - Returns: how many there are now.
    @discardableResult
    func add(_ message: BrokerMessage) -> Int {
      let count = messages.withLock { messages in
        messages.append(message)
        return messages.count
      }
      changed.raise()
      return count
    }

    func wait(for count: Int) async { await wait { $0.count >= count } }

    func wait(until condition: ([BrokerMessage]) -> Bool) async {
      while !Task.isCancelled {
        let generation = changed.generation
        if condition(all) { return }
        await changed.wait(after: generation)
      }
    }
  }

  /// Runs a consumer while the body runs.
  func consuming<Value>(
    _ broker: RabbitMQBroker, group: String = "one", concurrency: Int = 4,
    handler: @escaping @Sendable (BrokerMessage) async -> Disposition,
    body: () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: group, concurrency: concurrency, handler: handler)
      }
      let value = try await body()
      tasks.cancelAll()
      try await tasks.waitForAll()
      return value
    }
  }
#endif
