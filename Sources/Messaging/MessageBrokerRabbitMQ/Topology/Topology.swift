// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// What exchanges, queues and bindings a configuration needs, in the order in which they are made.
package struct Topology: Sendable, Equatable {
  /// An argument of a queue.
  package enum Argument: Sendable, Equatable {
    case text(String)
    case number(Int64)
    case flag(Bool)
  }

  package enum Step: Sendable, Equatable {
    /// Looks whether the exchange is there.
    case findExchange(String)
    /// Looks whether the queue is there.
    case findQueue(String)
    case exchange(String, type: String)
    case queue(String, arguments: [String: Argument])
    case binding(queue: String, exchange: String, key: String)

    /// For people.
    var subject: String {
      switch self {
      case .findExchange(let name), .exchange(let name, _): "exchange \(name)"
      case .findQueue(let name), .queue(let name, _): "queue \(name)"
      case .binding(let queue, let exchange, let key):
        "binding of queue \(queue) to exchange \(exchange) for \(key)"
      }
    }
  }

  /// What RabbitMQ 4 takes for no limit at all would be refused by RabbitMQ 3, and without a value
  /// RabbitMQ 4 takes 20.
  private static let noLimit: Int64 = 1_000_000_000

  private let configuration: RabbitMQBrokerConfiguration

  package init(_ configuration: RabbitMQBrokerConfiguration) { self.configuration = configuration }

  /// What a publisher needs. The groups' queues too, where they may be created: what is published
  /// before a queue is there never gets into it.
  package var publishing: [Step] {
    guard let creation = configuration.creation else {
      return [.findExchange(configuration.exchange)]
    }
    return exchanges + configuration.groups.flatMap { steps(for: $0, creation) }
  }

  /// What a consumer of the group needs. The server drops what is refused without a place to go; it
  /// cannot be asked whether the queue names that place, but whether there is one.
  package func consuming(_ group: BrokerGroup) -> [Step] {
    guard let creation = configuration.creation else {
      return [
        .findQueue(configuration.queue(ofGroup: group.name)),
        .findQueue(configuration.deadLetterQueue(ofGroup: group.name)),
      ]
    }
    return exchanges + steps(for: group, creation)
  }

  private var exchanges: [Step] {
    [
      .exchange(configuration.exchange, type: "topic"),
      .exchange(configuration.deadLetterExchange, type: "direct"),
    ]
  }

  private func steps(
    for group: BrokerGroup, _ creation: RabbitMQBrokerConfiguration.Creation
  ) -> [Step] {
    let queue = configuration.queue(ofGroup: group.name)
    let dead = configuration.deadLetterQueue(ofGroup: group.name)
    let exchange = configuration.exchange
    return [
      .queue(dead, arguments: Self.arguments(creation)),
      .binding(queue: dead, exchange: configuration.deadLetterExchange, key: group.name),
      .queue(queue, arguments: arguments(of: group, creation)),
    ]
      + group.topics.sorted().map { .binding(queue: queue, exchange: exchange, key: $0) }
  }

  private static func arguments(
    _ creation: RabbitMQBrokerConfiguration.Creation
  ) -> [String: Argument] {
    var arguments: [String: Argument] = [
      // Replicated, and written to disk before it is confirmed.
      "x-queue-type": .text("quorum"),
      // A full queue refuses what is new; it must not drop what nobody has read.
      "x-overflow": .text("reject-publish"),
    ]
    if let replicas = creation.replicas {
      arguments["x-quorum-initial-group-size"] = .number(Int64(max(1, replicas)))
    }
    if let most = creation.maxBytes {
      arguments["x-max-length-bytes"] = .number(max(1, most))
    }
    return arguments
  }

  private func arguments(
    of group: BrokerGroup, _ creation: RabbitMQBrokerConfiguration.Creation
  ) -> [String: Argument] {
    var arguments = Self.arguments(creation)
    // Order per key over all processes of a group: one of them reads, the others stand by.
    arguments["x-single-active-consumer"] = .flag(true)
    arguments["x-dead-letter-exchange"] = .text(configuration.deadLetterExchange)
    arguments["x-dead-letter-routing-key"] = .text(group.name)
    // A refused message leaves this queue when the other one has confirmed it.
    arguments["x-dead-letter-strategy"] = .text("at-least-once")
    arguments["x-delivery-limit"] = .number(
      creation.deliveryLimit.map { Int64(max(1, $0)) } ?? Self.noLimit)
    return arguments
  }
}
