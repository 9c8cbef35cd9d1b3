// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// Backfills that are killed and go on, and comparisons as a person reads them.
@Suite("Moving data", .timeLimit(.minutes(10)), .serialized)
struct DataMovingTests {
  private static let rows = 6_000

  private struct Rig {
    let scratch: Scratch
    let legacy: DataStore
    let new: DataStore
    let file: String

    init(_ legacy: DataStore.Kind, _ new: DataStore.Kind) async throws {
      scratch = try Scratch()
      self.legacy = try await DataStore(legacy, "legacy", scratch)
      self.new = try await DataStore(new, "new", scratch)
      try await self.legacy.run(
        "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL, name text)",
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
        INSERT INTO orders SELECT i, i * 7, 'Zoë ' || i FROM n
        """)
      try await self.new.run(
        """
        CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL, pence bigint NOT NULL,
          name text)
        """
      )
      file = try scratch.write(
        """
        data:
          stores: { legacy: \(self.legacy.declaration), new: \(self.new.declaration) }
          mappings:
            orders:
              from: legacy.orders
              to: new.purchases
              columns: { number: id, pence: cents, name: name }
        """, to: "data.yaml")
    }

    func run(_ command: String, _ arguments: String..., expecting code: Int32) async throws
      -> Outcome
    {
      let outcome = try await Executable.strangler.run(
        ["data", command, "--config", file] + arguments)
      #expect(outcome.exitCode == code, "\(command): \(outcome.output) \(outcome.errors)")
      return outcome
    }

    func stop() async {
      await legacy.stop()
      await new.stop()
    }
  }

  @Test(arguments: DataStore.pairs)
  func `killed at random points, a backfill goes on and ends equal`(
    legacy: DataStore.Kind, new: DataStore.Kind
  ) async throws {
    let rig = try await Rig(legacy, new)
    let arguments = [
      "data", "backfill", "--config", rig.file, "--mapping", "orders", "--chunk-rows", "50",
    ]
    var kills = 0
    var position = 0
    for _ in 0..<6 {
      let program = try Executable.strangler.start(arguments)
      let aim = position + Int.random(in: 1...1_500)
      let ended = Ended()
      let watch = Task {
        let outcome = await program.outcome()
        await ended.set(outcome.exitCode)
        return outcome
      }
      while position < aim, await ended.code == nil {
        position =
          (await rig.new.row("SELECT read_rows FROM strangler_backfill"))
          .flatMap { Int($0) } ?? position
      }
      program.signal(SIGKILL)
      let outcome = await watch.value
      if outcome.exitCode == SIGKILL { kills += 1 }
      // Rows and position are of one transaction.
      let copied = await rig.new.row("SELECT count(*) FROM purchases")
      let stored = await rig.new.row("SELECT read_rows FROM strangler_backfill")
      let added = await rig.new.row("SELECT added_rows FROM strangler_backfill")
      #expect(copied == stored && copied == added)
      position = stored.flatMap { Int($0) } ?? position
    }
    #expect(kills > 0)
    let last = try await rig.run("backfill", "--chunk-rows", "500", expecting: 0)
    #expect(last.output.contains(" added, 0 there already"))
    let verified = try await rig.run("verify", expecting: 0)
    #expect(
      verified.output
        == "orders: equal: \(Self.rows) rows of legacy.orders, \(Self.rows) of new.purchases\n")
    // By SQL that knows nothing of the mapping.
    let sums = "SELECT count(*), sum(a), sum(b), min(c), max(c) FROM"
    let one = await rig.legacy.row(
      "\(sums) (SELECT id AS a, cents AS b, name AS c FROM orders) AS t")
    let other = await rig.new.row(
      "\(sums) (SELECT number AS a, pence AS b, name AS c FROM purchases) AS t")
    #expect(one != nil && one == other)
    await rig.stop()
  }

  private actor Ended {
    private(set) var code: Int32?
    func set(_ code: Int32) { self.code = code }
  }

  @Test func `a comparison as text, JSON and page`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    let dry = try await rig.run("backfill", "--dry-run", expecting: 0)
    #expect(dry.output == "orders: 6000 rows of legacy can be copied; nothing was written\n")
    #expect(await rig.new.row("SELECT count(*) FROM sqlite_master WHERE type = 'table'") == "1")
    let done = try await rig.run("backfill", expecting: 0)
    #expect(done.output == "orders: 6000 rows read, 6000 added, 0 there already\n")
    try await rig.new.run(
      "DELETE FROM purchases WHERE number = 17", "UPDATE purchases SET pence = 1 WHERE number = 18",
      "UPDATE purchases SET name = '<ZoÃ«' WHERE number = 19",
      "INSERT INTO purchases VALUES (9000, 1, NULL)")
    let text = try await rig.run("verify", expecting: 1)
    #expect(
      text.output == """
        orders: 1 missing, 1 extra, 2 differ: 6000 rows of legacy.orders, 6000 of new.purchases
          missing   number = 17
          extra     number = 9000
          differs   number = 18: pence is 126 in legacy, 1 on the new side
          differs   number = 19: name is "Zoë 19" in legacy, "<ZoÃ«" on the new side

        """)
    let schema = try JSONSchema.fixture("data-verify.schema.json")
    let json = try await rig.run("verify", "--format", "json", "--list", "1", expecting: 1)
    #expect(try schema.problems(in: json.output) == [])
    #expect(json.output.contains("\"key\" : \"number = 17\""))
    let page = rig.scratch.path + "/page.html"
    let html = try await rig.run(
      "verify", "--format", "html", "--output", page, expecting: 1)
    #expect(html.output == "")
    let written = try String(contentsOfFile: page, encoding: .utf8)
    #expect(written.contains("<p class=\"label\">differs number = 19</p>"))
    #expect(written.contains("&lt;ZoÃ«") && !written.contains("<ZoÃ«"))
    try await rig.new.run("DELETE FROM purchases")
    _ = try await rig.run("backfill", expecting: 0)
    #expect(await rig.new.row("SELECT count(*) FROM purchases") == "0")
    _ = try await rig.run("backfill", "--from-start", expecting: 0)
    let equal = try await rig.run("verify", "--format", "json", expecting: 0)
    #expect(try schema.problems(in: equal.output) == [])
    await rig.stop()
  }

  @Test func `a report does not replace what it is made of`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    for file in [rig.file, rig.new.place] {
      let before = FileManager.default.contents(atPath: file)
      let refused = try await rig.run("verify", "--output", file, expecting: 2)
      #expect(refused.errors.contains("the report would replace it"))
      #expect(FileManager.default.contents(atPath: file) == before)
    }
    let plan = try await rig.run("plan", expecting: 0).output
    let parts = plan.split(separator: "   changes written by\n")
    #expect(parts.count == 2 && parts[0].hasSuffix("DO NOTHING\n"))
    #expect(parts.last?.contains("DO UPDATE SET") == true)
    await rig.stop()
  }

  @Test func `what cannot be used`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    let unknown = try await rig.run("verify", "--mapping", "order", expecting: 2)
    #expect(unknown.errors.contains("there is no mapping \"order\"; there are orders"))
    try await rig.new.run("DROP TABLE purchases")
    for command in ["verify", "backfill"] {
      let gone = try await rig.run(command, expecting: 2)
      #expect(gone.errors.contains("there is no table new.purchases"))
    }
    try await rig.new.run(
      "CREATE TABLE purchases (number bigint, pence bigint NOT NULL, name text)")
    for command in ["verify", "backfill"] {
      let keyless = try await rig.run(command, expecting: 2)
      #expect(keyless.errors.contains("has no primary key"))
    }
    // What rows show is refused before anything is written.
    try await rig.new.run(
      "DROP TABLE purchases",
      """
      CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL, pence bigint NOT NULL,
        name text NOT NULL)
      """
    )
    try await rig.legacy.run("UPDATE orders SET name = NULL WHERE id = 5999")
    let refused = try await rig.run("backfill", expecting: 2)
    #expect(refused.errors.contains("id = 5999"))
    #expect(await rig.new.row("SELECT count(*) FROM sqlite_master WHERE type = 'table'") == "1")
    try await rig.legacy.run("UPDATE orders SET name = 'x' WHERE id = 5999")
    _ = try await rig.run("backfill", expecting: 0)
    let text = try String(contentsOfFile: rig.file, encoding: .utf8)
    try rig.scratch.write(
      text.replacing("name: name", with: "name: { constant: x }")
        .replacing("columns:", with: "reverse: false\n      leave: [name]\n      columns:"),
      to: "data.yaml")
    let changed = try await rig.run("backfill", expecting: 2)
    #expect(changed.errors.contains("the mapping changed since its backfill began"))
    await rig.stop()
  }
}
