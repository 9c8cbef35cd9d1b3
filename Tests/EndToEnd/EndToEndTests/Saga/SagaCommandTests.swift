// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MessageStoreSQLite
import Testing

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
#endif

/// Sagas as operators see and decide them.
@Suite("Saga commands", .timeLimit(.minutes(2)))
struct SagaCommandTests {
  @Test func `a file of SQLite`() async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/shop.sqlite"
    try await walk(file) { sql in
      try await DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
    } count: { sql in
      try await DatabaseQueue(path: file).read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }
  }

  #if PostgreSQL
    @Test func `a database of PostgreSQL`() async throws {
      let server = try await PostgreSQLProgram.start()
      let database = try PostgreSQLDatabase(server.address)
      try await walk(server.address) { sql in
        for statement in sql.split(separator: ";") { try await database.query("\(statement)") }
      } count: { sql in
        Int(try await database.query(sql).first?.integer(0) ?? 0)
      }
      database.close()
      await server.stop()
    }
  #endif

  private func run(_ arguments: [String], expecting code: Int32 = 0) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["saga"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  /// Of four sagas one goes on, one is stuck behind its pivot, one at it, and one has ended.
  static let sagas = """
    INSERT INTO saga (id, name, version, shape, phase, direction, position, context, begun_at,
      wake_at, ended_at, failure, fingerprint, owner, epoch, revision) VALUES
      ('running', 'checkout', 1, 's', 'active', 'do', 1, '{"order":7}', 1000, 5000, NULL, NULL, '',
        'shop-1', 1, 3),
      ('behind', 'checkout', 1, 's', 'stuck', 'do', 3, '{}', 2000, NULL, NULL, 'mailbox full',
        '00000000000000aa', NULL, 1, 9),
      ('pivot', 'checkout', 2, 's', 'stuck', 'do', 2, '{}', 3000, NULL, NULL, 'no answer',
        '00000000000000bb', NULL, 1, 7),
      ('over', 'refund', 1, 's', 'compensated', 'undo', 0, '{}', 4000, NULL, 4250, 'declined',
        '00000000000000cc', NULL, 1, 5);
    INSERT INTO saga_step (saga_id, position, direction, name, kind, state, attempts, crashes,
      may_have_run, begun_at, due_at, ended_at, failure) VALUES
      ('running', 0, 'do', 'create-order', 'compensatable', 'done', 1, 0, 0, 1000, NULL, 1004,
        NULL),
      ('running', 1, 'do', 'reserve-stock', 'compensatable', 'running', 2, 0, 0, 1004, 5000, NULL,
        'no answer'),
      ('behind', 2, 'do', 'take-payment', 'pivot', 'done', 1, 0, 0, 2000, NULL, 2010, NULL),
      ('behind', 3, 'do', 'confirm', 'retriable', 'stuck', 10, 0, 0, 2010, NULL, NULL,
        'mailbox full'),
      ('pivot', 2, 'do', 'take-payment', 'pivot', 'stuck', 10, 0, 1, 3000, NULL, NULL, 'no answer'),
      ('over', 0, 'do', 'ask', 'compensatable', 'done', 1, 0, 0, 4000, NULL, 4100, NULL),
      ('over', 0, 'undo', 'ask', 'compensatable', 'done', 1, 0, 0, 4200, NULL, 4250, NULL)
    """

  private func walk(
    _ database: String, execute: (String) async throws -> Void,
    count: (String) async throws -> Int
  ) async throws {
    let place = ["--database", database]
    _ = try await run(["list"] + place, expecting: 2)
    _ = try await Executable.strangler.run(["outbox", "init"] + place)
    #expect(try await run(["list"] + place).output == "no saga is meant by that\n")
    try await execute(Self.sagas)

    try await look(place)
    try await refuse(place)
    try await decide(place, execute: execute, count: count)
    try await prune(place, count: count)
  }

  private func prune(_ place: [String], count: (String) async throws -> Int) async throws {
    let recent = ["prune", "--keep-days", "3650"] + place
    let old = ["prune", "--keep-days", "1"] + place
    _ = try await run(["prune", "--keep-days", "-1"] + place, expecting: 2)
    // What has ended in 1970 is older than ten years.
    #expect(try await run(recent + ["--dry-run"]).output == "would forget 1 saga\n")
    #expect(try await count("SELECT COUNT(*) FROM saga") == 4)
    #expect(try await run(old).output == "forgot 1 saga\n")
    #expect(try await run(old).output == "forgot 0 sagas\n")
    #expect(try await count("SELECT COUNT(*) FROM saga WHERE id = 'over'") == 0)
    #expect(try await count("SELECT COUNT(*) FROM saga_step WHERE saga_id = 'over'") == 0)
    #expect(try await count("SELECT COUNT(*) FROM saga") == 3)
    #expect(try await count("SELECT COUNT(*) FROM saga_step") == 5)
  }

  private func look(_ place: [String]) async throws {
    let all = try await run(["list"] + place).output
    #expect(all.hasPrefix("over  refund v1  compensated, took 250 ms\n"), "\(all)")
    #expect(
      all.contains("running  checkout v1  running at reserve-stock (running, attempt 2), for"))
    let stuck = try await run(["list", "--state", "stuck", "--saga", "checkout"] + place).output
    #expect(stuck.contains("pivot  checkout v2  stuck at take-payment (stuck, attempt 10), for"))
    #expect(stuck.contains("\n  00000000000000aa: mailbox full\n") && !stuck.contains("over"))
    let kind = try await run(["list", "--fingerprint", "00000000000000bb"] + place).output
    #expect(kind.hasPrefix("pivot ") && kind.split(separator: "\n").count == 2)
    let json = try await run(["list", "--format", "json", "--limit", "1"] + place).output
    #expect(json.contains(#""state" : "compensated""#) && !json.contains("checkout"), "\(json)")

    let shown = try await run(["show", "over"] + place).output
    #expect(shown.contains("ended ") && shown.contains("  because: declined\n"), "\(shown)")
    #expect(shown.contains("  +200 ms  undo ask  done, 50 ms  over:ask:undo\n"), "\(shown)")
    let behind = try await run(["show", "behind"] + place).output
    #expect(behind.contains("waits for an operator\n"))
    #expect(behind.contains("confirm  stuck, attempt 10  behind:confirm:do: mailbox full\n"))
    #expect(behind.hasSuffix("decide with strangler saga retry, compensate or resolve\n"))
    let running = try await run(["show", "running", "--format", "json"] + place).output
    #expect(running.contains(#""key" : "running:reserve-stock:do""#), "\(running)")
    #expect(running.contains(#""orchestrator" : "shop-1""#), "\(running)")
  }

  private func refuse(_ place: [String]) async throws {
    let reason = ["--reason", "x"]
    for (arguments, objection) in [
      (["show", "nowhere"], "there is no saga nowhere"),
      (["retry", "running"] + reason, "reserve-stock goes on by itself"),
      (["retry", "over"] + reason, "is compensated: nothing can be changed"),
      (["compensate", "behind"] + reason, "past its pivot and goes forward only"),
      (["compensate", "pivot"] + reason, "nobody knows whether take-payment has run"),
      (["resolve", "running", "--as", "done"] + reason, "is not stuck"),
      (["resolve", "behind", "--as", "undone"] + reason, "confirm has to be done in the end"),
    ] {
      let outcome = try await run(arguments + place, expecting: 1)
      #expect(outcome.errors.contains(objection) && outcome.output.isEmpty, "\(outcome.errors)")
    }
  }

  private func decide(
    _ place: [String], execute: (String) async throws -> Void,
    count: (String) async throws -> Int
  ) async throws {
    let who = ["--reason", "ticket 7", "--actor", "ada"]
    _ = try await run(["retry", "behind"] + who + place)
    _ = try await run(["compensate", "running"] + who + place)
    let done = try await run(["resolve", "pivot", "--as", "undone"] + who + place)
    #expect(done.output == "Kept for the orchestrator: see strangler saga show pivot\n")
    #expect(try await count("SELECT COUNT(*) FROM saga_arrival WHERE kind = 'order'") == 3)
    // Whoever is there takes what was stuck; what goes on belongs to its orchestrator.
    #expect(
      try await count("SELECT COUNT(*) FROM saga WHERE wake_at IS NOT NULL AND owner IS NULL") == 2)
    let shown = try await run(["show", "pivot"] + place).output
    #expect(shown.contains("ada: resolve-undone: ticket 7\n"), "\(shown)")
    #expect(shown.contains("answers and decisions that wait: 1\n"), "\(shown)")
    let history = try await Executable.strangler.run(["outbox", "history"] + place)
    #expect(
      history.output.contains("ada: retry saga behind at step 3: ticket 7"), "\(history.output)")
  }
}
