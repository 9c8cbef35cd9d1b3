// SPDX-License-Identifier: Apache-2.0

import MessageBrokerRabbitMQ
import Testing
import TransactionalMessaging

struct ConfigurationTests {
  private func configuration(
    _ addresses: [String] = ["amqp://127.0.0.1"]
  ) -> RabbitMQBrokerConfiguration {
    RabbitMQBrokerConfiguration(
      RabbitMQServer(addresses), exchange: "shop",
      groups: [.init("mail", topics: ["outbox.event.order"])], creation: .init())
  }

  private func refusal(_ configuration: RabbitMQBrokerConfiguration) -> String? {
    do throws(BrokerError) {
      try configuration.validate()
      return nil
    } catch {
      return error.message
    }
  }

  @Test(arguments: ["amqp://a", "amqp://a:1/", "amqps://[::1]:5671", "amqp://[::1]"])
  func addressesThatAreUnderstood(_ address: String) {
    #expect(refusal(configuration([address])) == nil)
  }

  @Test(arguments: [
    ("http://a", "amqp://127.0.0.1:5672"), ("amqp://", "no host"), ("amqp://a:x", "no valid port"),
    ("amqp://a:70000", "no valid port"), ("amqp://u:secret@a", "credentials"),
    ("amqp://a/shop", "virtual host"),
  ])
  func addressesThatAreNot(_ address: String, _ reason: String) throws {
    let text = try #require(refusal(configuration([address])))
    #expect(text.contains(reason))
    #expect(!text.contains("secret"))
  }

  @Test func namesAndTopicsAreChecked() {
    var wrong = configuration()
    wrong.exchange = "amq.topic"
    #expect(refusal(wrong)?.contains("amq.topic") == true)
    wrong = configuration()
    wrong.groups = [.init("a b", topics: [])]
    #expect(refusal(wrong)?.contains("a b") == true)
    wrong.groups = [.init("a", topics: ["outbox.event.#"])]
    #expect(refusal(wrong)?.contains("outbox.event.#") == true)
    wrong.groups = [.init(String(repeating: "g", count: 250), topics: [])]
    #expect(refusal(wrong)?.contains("too long") == true)
  }

  @Test func queuesKeepOrderAndDropNothing() throws {
    let steps = Topology(configuration()).publishing
    let arguments = try #require(
      steps.compactMap { step -> [String: Topology.Argument]? in
        guard case .queue("shop.mail", let arguments) = step else { return nil }
        return arguments
      }.first)
    #expect(arguments["x-queue-type"] == .text("quorum"))
    #expect(arguments["x-single-active-consumer"] == .flag(true))
    #expect(arguments["x-overflow"] == .text("reject-publish"))
    #expect(arguments["x-dead-letter-strategy"] == .text("at-least-once"))
    #expect(
      steps.last
        == .binding(queue: "shop.mail", exchange: "shop", key: "outbox.event.order"))
    var looking = configuration()
    looking.creation = nil
    #expect(Topology(looking).publishing == [.findExchange("shop")])
    #expect(
      Topology(looking).consuming(looking.groups[0])
        == [.findQueue("shop.mail"), .findQueue("shop.mail.dead")])
  }

  @Test(arguments: [
    (320, "CONNECTION_FORCED - shutdown", "stopped"),
    (403, "ACCESS_REFUSED - no", "set_permissions"),
    (404, "NOT_FOUND - no queue", "create it"),
    (405, "RESOURCE_LOCKED - exclusive", "another connection"),
    (406, "PRECONDITION_FAILED - inequivalent arg 'x'", "other settings"),
    (
      406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out",
      "consumer_timeout"
    ),
    (406, "PRECONDITION_FAILED - message size 9 is larger than max size 8", "max_message_size"),
    (530, "NOT_ALLOWED - vhost a not found", "add_vhost"),
    (541, "INTERNAL_ERROR", "error 541"),
  ])
  func whatTheServerSaysComesWithWhatToDo(_ number: Int, _ text: String, _ advice: String) {
    let error = ServerRefusal(number: number, text: text).meaning("queue shop.mail")
    #expect(error.message.contains(advice))
    #expect(error.message.contains(text))
    let isRejected: Bool = if case .rejected = error.publishFailure { true } else { false }
    #expect(isRejected == text.contains("message size"))
  }
}
