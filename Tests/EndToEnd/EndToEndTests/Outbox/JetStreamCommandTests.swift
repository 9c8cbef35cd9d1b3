// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MessageStoreSQLite
import MessagingConformance
import Testing
import TransactionalMessaging

#if NATS
  import ServerPrograms
#endif

/// `strangler outbox relay` with a stream as its target, and what keeps it from starting.
@Suite("A relay to JetStream", .timeLimit(.minutes(1)))
struct JetStreamCommandTests {
  private let scratch: Scratch

  init() async throws {
    scratch = try Scratch()
    let database = try DatabaseQueue(path: scratch.path + "/shop.sqlite")
    try SQLiteMessageTables.install(in: database)
    try await database.write { db in
      for number in 1...3 { try SQLiteOutbox().append(SampleEvents.event(number), in: db) }
    }
  }

  private func file(_ settings: String, name: String = "strangler.yaml") throws -> String {
    try scratch.write(
      """
      outbox:
        database: "\(scratch.path)/shop.sqlite"
        timeout: 2s
        publish:
          nats: { stream: SHOP, \(settings) }
      """, to: name)
  }

  #if NATS
    private func refusal(_ settings: String) async throws -> String {
      let outcome = try await Executable.strangler.run([
        "outbox", "relay", "--config", try file(settings),
      ])
      #expect(outcome.exitCode == 2, "\(settings): \(outcome.output) \(outcome.errors)")
      #expect(!(outcome.output + outcome.errors).contains("s3cret"))
      return outcome.errors
    }

    @Test func `what no waiting mends ends the command`() async throws {
      let server = try await NATSProgram.start(
        NATSProgram.Settings(lines: [
          "authorization { users: [ { user: relay, password: s3cret } ] }"
        ]))
      let servers = "servers: [\"\(server.address)\"]"
      let right = try scratch.write("s3cret\n", to: "right")
      let wrong = try scratch.write("s3cret-not\n", to: "wrong")
      let empty = try scratch.write("\n", to: "empty")
      for (settings, words) in [
        ("", "does not take these credentials"),
        (", user: relay, password-file: \"\(wrong)\"", "does not take these credentials"),
        (", user: relay, password-file: \"\(empty)\"", "is empty"),
        (", user: relay, password-file: \"\(wrong)-none\"", "cannot be read as text"),
        (", user: relay, password-env: STRANGLER_NO_SUCH", "STRANGLER_NO_SUCH is not set"),
        (", credentials-file: \"\(wrong)\"", "holds no credentials"),
        (", user: relay, password-file: \"\(right)\"", "there is no stream SHOP: create it"),
      ] {
        let errors = try await refusal(servers + settings)
        #expect(errors.contains("outbox.publish.nats"), "\(settings): \(errors)")
        #expect(errors.contains(words), "\(settings): \(errors)")
      }
    }

    @Test func `a server that is not there is waited for`() async throws {
      let server = try await NATSProgram.start()
      let (address, configuration) = (
        server.address, try file("servers: [\"\(server.address)\"], create: { max-age: 1h }")
      )
      await server.kill()
      let relay = try Executable.strangler.start(["outbox", "relay", "--config", configuration])
      let reason = try await relay.text(after: "the relay starts all the same")
      #expect(reason.isEmpty || !reason.contains("s3cret"))
      _ = try await relay.text(after: "relay default: ")
      try await server.restart()
      #expect(server.address == address)
      var status = ""
      while !status.contains("unsent: 0") {
        status = try await Executable.strangler.run([
          "outbox", "status", "--config", configuration, "--over", "0",
        ]).output
      }
      relay.signal(SIGTERM)
      let outcome = await relay.outcome()
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("-> stream SHOP at \(address)\n"))
      #expect(outcome.errors.contains("no NATS server answers at \(address)"))
    }
  #else
    @Test func `a build without it says which one to build`() async throws {
      let outcome = try await Executable.strangler.run([
        "outbox", "relay", "--config", try file("servers: [\"nats://127.0.0.1:4222\"]"),
      ])
      #expect(outcome.exitCode == 2)
      #expect(outcome.errors.contains("swift build --traits NATS"))
    }
  #endif
}
