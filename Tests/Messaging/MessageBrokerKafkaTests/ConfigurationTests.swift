// SPDX-License-Identifier: Apache-2.0

import MessageBrokerKafka
import Testing
import TransactionalMessaging

struct ConfigurationTests {
  private func configuration(
    _ addresses: [String] = ["plaintext://127.0.0.1:9092"]
  ) -> KafkaBrokerConfiguration {
    KafkaBrokerConfiguration(
      KafkaServer(addresses), groups: [.init("mail", topics: ["outbox.event.order"])])
  }

  private func refusal(_ configuration: KafkaBrokerConfiguration) -> String? {
    do throws(BrokerError) {
      try configuration.validate()
      return nil
    } catch {
      return error.message
    }
  }

  @Test(arguments: ["plaintext://a", "ssl://a:1/", "ssl://[::1]:9093", "plaintext://[::1]"])
  func addressesThatAreUnderstood(_ address: String) {
    #expect(refusal(configuration([address])) == nil)
  }

  @Test(arguments: [
    (["a:9092"], "plaintext://127.0.0.1:9092"), (["ssl://"], "no host"),
    (["ssl://a:x"], "no valid port"), (["ssl://a:70000"], "no valid port"),
    (["ssl://u:secret@a"], "credentials"), (["ssl://a/b"], "no host with a port"),
    (["ssl://a:1,b:2"], "no host with a port"), ([], "no address"),
    (["ssl://a:1", "plaintext://a:2"], "all of them alike"),
  ])
  func addressesThatAreNot(_ addresses: [String], _ reason: String) throws {
    let text = try #require(refusal(configuration(addresses)))
    #expect(text.contains(reason))
    #expect(!text.contains("secret"))
  }

  @Test func namesAndTopicsAreChecked() {
    var wrong = configuration()
    wrong.groups = [.init("a b", topics: ["t"])]
    #expect(refusal(wrong)?.contains("a b") == true)
    wrong.groups = [.init("a", topics: ["outbox.event.#"])]
    #expect(refusal(wrong)?.contains("outbox.event.#") == true)
    wrong.groups = [.init("a", topics: [])]
    #expect(refusal(wrong)?.contains("no topic") == true)
    wrong = configuration()
    wrong.largestMessage = 10
    #expect(refusal(wrong)?.contains("1,000") == true)
  }

  @Test func publishersKeepOrderAndLoseNothing() throws {
    let settings = try ClientSettings.publishing(configuration())
    #expect(settings["acks"] == "all")
    #expect(settings["enable.idempotence"] == "true")
    #expect(settings["partitioner"] == "murmur2_random")
    #expect(settings["security.protocol"] == "plaintext")
    #expect(settings["allow.auto.create.topics"] == "false")
    let reading = try ClientSettings.consuming("mail", configuration())
    #expect(reading["enable.auto.commit"] == "false")
    #expect(reading["auto.offset.reset"] == "earliest")
    #expect(reading["group.id"] == "mail")
  }

  @Test func whoLogsInDoesSoBySASL() throws {
    var secured = configuration(["ssl://a:9093", "ssl://b:9093"])
    secured.server.login = KafkaServer.Login(user: "shop", password: "secret")
    secured.server.authorities = "ca.pem"
    let settings = try ClientSettings.publishing(secured)
    #expect(settings["bootstrap.servers"] == "a:9093,b:9093")
    #expect(settings["security.protocol"] == "sasl_ssl")
    #expect(settings["sasl.mechanisms"] == "SCRAM-SHA-512")
    #expect(settings["ssl.ca.location"] == "ca.pem")
    #expect(settings["ssl.endpoint.identification.algorithm"] == "https")
  }

  @Test(arguments: [
    (3, "Broker: Unknown topic or partition", "create it", true),
    (10, "Broker: Message size too large", "max.message.bytes", true),
    (17, "Broker: Invalid topic", "no such name", true),
    (19, "Broker: Not enough in-sync replicas", "in sync", false),
    (29, "Broker: Topic authorization failed", "kafka-acls", false),
    (47, "Broker: Producer attempted an operation with an old epoch", "fenced", false),
    (56, "Broker: Disk error", "disk", false), (58, "SASL failed", "credentials", false),
    (-169, "Local: Authentication failure", "credentials", false),
    (-181, "SSL handshake failed", "authority", false),
    (-192, "Local: Message timed out", "min.insync.replicas", false),
    (-195, "Connection refused", "Connection refused", false), (-1, "Unknown", "error -1", false),
  ])
  func whatTheServerSaysComesWithWhatToDo(
    _ code: Int, _ text: String, _ advice: String, _ isAboutTheMessage: Bool
  ) {
    let error = KafkaRefusal(code, text).meaning("topic outbox.event.order")
    #expect(error.message.contains(advice))
    #expect(error.message.contains(text))
    let isRejected: Bool = if case .rejected = error.publishFailure { true } else { false }
    #expect(isRejected == isAboutTheMessage)
  }
}
