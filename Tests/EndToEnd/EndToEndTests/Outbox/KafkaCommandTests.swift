// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import KafkaTesting
import MessageStoreSQLite
import MessagingConformance
import Testing
import TransactionalMessaging

/// `strangler outbox relay` with Kafka as its target, and what keeps it from starting.
@Suite("A relay to Kafka", .timeLimit(.minutes(1)))
struct KafkaCommandTests {
  private let scratch: Scratch

  init() async throws {
    scratch = try Scratch()
    let database = try DatabaseQueue(path: scratch.path + "/shop.sqlite")
    try SQLiteMessageTables.install(in: database)
    try await database.write { db in
      for number in 1...3 { try SQLiteOutbox().append(SampleEvents.event(number), in: db) }
    }
  }

  private func file(_ settings: String) throws -> String {
    try scratch.write(
      """
      outbox:
        database: "\(scratch.path)/shop.sqlite"
        timeout: 2s
        publish:
          kafka: { \(settings) }
      """, to: "strangler.yaml")
  }

  #if Kafka
    @Test func `brokers that are not there are waited for`() async throws {
      let cluster = try MockCluster()
      cluster.create("outbox.event.order")
      cluster.goDown()
      let servers = cluster.addresses.map { "\"\($0)\"" }.joined(separator: ", ")
      let configuration = try file("servers: [\(servers)]")
      let relay = try Executable.strangler.start(["outbox", "relay", "--config", configuration])
      _ = try await relay.text(after: "the relay starts all the same")
      _ = try await relay.text(after: "relay default: ")
      cluster.comeUp()
      var status = ""
      while !status.contains("unsent: 0") {
        status = try await Executable.strangler.run([
          "outbox", "status", "--config", configuration, "--over", "0",
        ]).output
      }
      relay.signal(SIGTERM)
      let outcome = await relay.outcome()
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("-> Kafka at plaintext://127.0.0.1:"))
      #expect(outcome.errors.contains("no Kafka broker answers at plaintext://127.0.0.1:"))
    }

    @Test func `what no waiting mends ends the command`() async throws {
      let empty = try scratch.write("\n", to: "empty")
      for (settings, words) in [
        ("servers: [\"ssl://127.0.0.1:1\"], tls: { ca: /nowhere.pem }", "ssl.ca.location"),
        ("servers: [\"ssl://127.0.0.1:1\"], user: a, password-file: \"\(empty)\"", "is empty"),
      ] {
        let outcome = try await Executable.strangler.run([
          "outbox", "relay", "--config", try file(settings),
        ])
        #expect(outcome.exitCode == 2, "\(settings): \(outcome.output) \(outcome.errors)")
        #expect(outcome.errors.contains("outbox.publish.kafka"), "\(settings): \(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(settings): \(outcome.errors)")
      }
    }
  #else
    @Test func `a build without it says which one to build`() async throws {
      let outcome = try await Executable.strangler.run([
        "outbox", "relay", "--config", try file("servers: [\"plaintext://127.0.0.1:9092\"]"),
      ])
      #expect(outcome.exitCode == 2)
      #expect(outcome.errors.contains("swift build --traits Kafka"))
    }
  #endif
}
