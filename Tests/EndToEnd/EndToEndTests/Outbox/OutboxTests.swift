// SPDX-License-Identifier: Apache-2.0
import EventReceiver
import Foundation
import GRDB
import MessageStoreSQLite
import MessagingConformance
import Synchronization
import Testing
import TransactionalMessaging

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
#endif

/// The outbox as operations run it: tables, a relay, an event that is refused, and the way back.
@Suite("Outbox commands", .timeLimit(.minutes(2)))
struct OutboxTests {
  @Test func `a file of SQLite`() async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/shop.sqlite"
    try await walk(file, scratch, prunes: "deleted 8 events\n") { events in
      try await DatabaseQueue(path: file).write { db in
        for event in events { try SQLiteOutbox().append(event, in: db) }
      }
    }
  }

  #if PostgreSQL
    @Test func `a database of PostgreSQL`() async throws {
      let server = try await PostgreSQLProgram.start()
      let database = try PostgreSQLDatabase(server.address)
      // The day is not over.
      try await walk(server.address, try Scratch(), prunes: "") { events in
        try await database.transaction { transaction in
          for event in events { try await PostgreSQLOutbox().append(event, in: transaction) }
        }
      }
      database.close()
      await server.stop()
    }
  #endif

  private func run(_ arguments: String..., expecting code: Int32 = 0) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["outbox"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  private func walk(
    _ database: String, _ scratch: Scratch, prunes: String,
    append: ([OutboxEvent]) async throws -> Void
  ) async throws {
    let planned = try await run("init", "--database", database, "--dry-run")
    #expect(planned.output.contains("CREATE TABLE outbox ("))
    // Half of it would be worse than nothing.
    #expect(
      ["\\set ON_ERROR_STOP on\nBEGIN;", ".bail on\nBEGIN IMMEDIATE;"].contains(
        where: planned.output.hasPrefix))
    #expect(planned.output.hasSuffix(";\nCOMMIT;\n"))
    #expect(try await run("init", "--database", database).output.hasPrefix("Done, "))
    let again = try await run("init", "--database", database)
    #expect(again.output == "The tables are up to date.\n")

    let isMended = Mutex(false)
    let receiver = try await EventReceiver.start { received in
      received.event.id != SampleEvents.id(4) || isMended.withLock { $0 }
        ? EventReceiver.Answer(204) : EventReceiver.Answer(422, "no such order")
    }
    let file = try scratch.write(
      """
      outbox:
        database: "\(database)"
        publish: { url: "\(receiver.url)?key=s3cret", source: /shop }
        attempts: 1
      """, to: "strangler.yaml")
    try await append(SampleEvents.events(8, aggregates: ["a", "b"]))
    try await relay(file) { relay in
      await receiver.hasAccepted(5)
      _ = try await relay.text(after: "could not be published")
    }
    try await look(file)

    isMended.withLock { $0 = true }
    _ = try await run("replay", "--config", file, "--reason", "fixed", expecting: 2)
    _ = try await run(
      "replay", "--config", file, "--aggregate", "order/z", "--dry-run", expecting: 1)
    let replayed = try await run(
      "replay", "--config", file, "--aggregate", "order/a", "--actor", "ada", "--reason", "fixed")
    #expect(replayed.output == "Done: 1 of 1.\n")
    try await relay(file) { _ in await receiver.hasAccepted(8) }
    for (aggregate, numbers) in [("a", [2, 4, 6, 8]), ("b", [1, 3, 5, 7])] {
      let accepted = receiver.accepted.filter { $0.event.aggregateID == aggregate }
      #expect(accepted.map(\.event) == numbers.map { SampleEvents.event($0, aggregate: aggregate) })
      #expect(accepted.map(\.version) == [1, 2, 3, 4])
    }
    #expect(receiver.malformed.isEmpty)
    await receiver.stop()
    let verdict = try await run("verify", "--config", file)
    #expect(verdict.output == "every event is there once and in order\n")
    let history = try await run("history", "--config", file)
    #expect(history.output.contains("ada: replay relay default order/a at 4: fixed; after 1"))
    #expect(try await run("dead-letters", "--config", file).output == "nothing waits\n")
    let pruned = try await run("prune", "--config", file, "--keep-days", "0")
    #expect(pruned.output == prunes)
  }

  /// A relay under way, which then ends by itself when it is asked to.
  private func relay(_ file: String, _ body: (RunningProgram) async throws -> Void) async throws {
    let program = try Executable.strangler.start(["outbox", "relay", "--config", file])
    _ = try await program.text(after: "relay default: ")
    try await body(program)
    program.signal(SIGTERM)
    let outcome = await program.outcome()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(!(outcome.output + outcome.errors).contains("s3cret"))
  }

  /// What operators see while an aggregate waits.
  private func look(_ file: String) async throws {
    struct Report: Decodable {
      struct Relay: Decodable {
        let name: String
        let owner: String?
        let unsent: Int
        let dead: Int
      }
      let lastSequence: Int
      let relays: [Relay]
    }
    let status = try await run("status", "--config", file, "--format", "json")
    let report = try JSONDecoder().decode(Report.self, from: Data(status.output.utf8))
    #expect(report.lastSequence == 8 && report.relays.map(\.name) == ["default"])
    #expect(report.relays.map(\.unsent) == [0] && report.relays.map(\.dead) == [1])
    #expect(report.relays.map(\.owner) == [nil])
    let text = try await run("status", "--config", file)
    #expect(text.output.contains("dead: 1 aggregates"))
    let letters = try await run("dead-letters", "--config", file)
    #expect(letters.output.contains("such as: answered 422: no such order"))
    #expect(
      letters.output.contains(
        "relay default order/a: dead after 1 attempts, event \(SampleEvents.id(4)) "
          + "(order-changed), 2 behind"))
  }
}
