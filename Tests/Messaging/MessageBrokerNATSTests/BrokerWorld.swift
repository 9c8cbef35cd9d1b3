// SPDX-License-Identifier: Apache-2.0

#if NATS
  import Logging
  import MessageBrokerNATS
  import MessagingConformance
  import NATSTesting
  import Synchronization
  import TransactionalMessaging

  /// A nats-server with a broker for it.
  struct BrokerWorld {
    static let topic = BrokerConformance.topic
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let server: NATSTestServer
    let broker: NATSBroker

    init(
      _ settings: NATSTestServer.Settings = NATSTestServer.Settings(),
      configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) async throws {
      server = try await NATSTestServer.start(settings)
      broker = try Self.broker(for: server, configure: configure)
    }

    /// Another process, as it were.
    static func broker(
      for server: NATSTestServer, configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) throws -> NATSBroker {
      var configuration = NATSBrokerConfiguration(
        NATSServer([server.address]), stream: "EVENTS",
        groups: [.init("one", topics: [topic]), .init("two", topics: [topic])],
        creation: NATSBrokerConfiguration.Creation())
      configure(&configuration)
      return try NATSBroker(configuration, logger: logger)
    }

    static func message(_ number: Int, key: String = "k", payload: [UInt8]? = nil) -> BrokerMessage
    {
      BrokerMessage(
        topic: topic, key: key, headers: ["id": SampleEvents.id(number), "number": "\(number)"],
        payload: payload ?? Array("\(number)".utf8))
    }

    /// What a publication comes to.
    static func failure(of message: BrokerMessage, to broker: NATSBroker) async -> PublishFailure? {
      do throws(PublishFailure) {
        try await broker.publish(message)
        return nil
      } catch {
        return error
      }
    }

    /// Publishes, and again while the broker is unavailable, as a relay does.
    static func publish(_ message: BrokerMessage, to broker: NATSBroker) async throws {
      while case .unavailable = await failure(of: message, to: broker) {
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
    _ broker: NATSBroker, group: String = "one", concurrency: Int = 4,
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
