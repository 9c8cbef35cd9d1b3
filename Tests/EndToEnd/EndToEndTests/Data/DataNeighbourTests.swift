// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Mappings beside others: what is wrong with those, and what ties them together.
@Suite("Mappings beside others", .timeLimit(.minutes(5)))
struct DataNeighbourTests {
  private struct Rig {
    let scratch: Scratch
    let legacy: DataStore
    let new: DataStore
    let file: String

    /// Orders and their lines, and a third mapping whose store is not there.
    init(_ legacy: DataStore.Kind, _ new: DataStore.Kind, hasLost: Bool) async throws {
      scratch = try Scratch()
      self.legacy = try await DataStore(legacy, "legacy", scratch)
      self.new = try await DataStore(new, "new", scratch)
      for store in [self.legacy, self.new] {
        try await store.run(
          "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, note text)",
          """
          CREATE TABLE lines (id bigint PRIMARY KEY NOT NULL, part bigint NOT NULL
            REFERENCES orders (id))
          """)
      }
      try await self.legacy.run(
        "INSERT INTO orders VALUES (1, 'a'), (2, 'b')", "INSERT INTO lines VALUES (1, 1), (2, 2)")
      let lost = hasLost ? "lost: { sqlite: \(scratch.path)/lost.sqlite }" : ""
      let mapping = hasLost ? "    lost: { from: lost.a, to: new.b, columns: { id: id } }" : ""
      file = try scratch.write(
        """
        data:
          stores:
            legacy: \(self.legacy.declaration)
            new: \(self.new.declaration)
            \(lost)
          mappings:
            orders: { from: legacy.orders, to: new.orders, columns: { id: id, note: note } }
            lines: { from: legacy.lines, to: new.lines, columns: { id: id, part: part } }
        \(mapping)
        """, to: "data.yaml")
    }

    @discardableResult
    func run(_ arguments: String..., expecting code: Int32) async throws -> Outcome {
      let outcome = try await Executable.strangler.run(["data"] + arguments + ["--config", file])
      #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
      return outcome
    }

    func stop() async {
      await legacy.stop()
      await new.stop()
    }
  }

  @Test func `a store that is not there stops nobody who does not need it`() async throws {
    let rig = try await Rig(.sqlite, .sqlite, hasLost: true)
    try await rig.run("advance", "orders", "--reason", "r", expecting: 0)
    try await rig.run("backfill", "--mapping", "orders", expecting: 0)
    try await rig.run("follow", "--mapping", "orders", "--until-empty", expecting: 0)
    try await rig.run("verify", "--mapping", "orders", "--live", expecting: 0)
    try await rig.run("status", "--mapping", "orders", expecting: 0)
    try await rig.run("retreat", "orders", "--reason", "r", expecting: 0)
    let all = try await rig.run("status", expecting: 2)
    #expect(all.errors.contains("there is no file"))
    let one = try await rig.run("advance", "lost", "--reason", "r", expecting: 2)
    #expect(one.errors.contains("there is no file"))
    await rig.stop()
  }

  @Test func `tables that foreign keys tie are missed where they stand on different sides`()
    async throws
  {
    let rig = try await Rig(.sqlite, .sqlite, hasLost: false)
    #expect(try await rig.run("check", expecting: 0).output.hasSuffix("can run, 0 warnings\n"))
    for name in ["orders", "lines"] {
      let begun = try await rig.run("advance", name, "--reason", "r", expecting: 0)
      #expect(begun.errors == "")
    }
    try await rig.run("backfill", expecting: 0)
    let warning =
      "orders is at new-primary and lines at dual-write-legacy-reads, though foreign keys tie "
    let dry = try await rig.run("cutover", "orders", "--reason", "r", "--dry-run", expecting: 0)
    #expect(dry.errors.contains("warning: \(warning)"))
    let over = try await rig.run("cutover", "orders", "--reason", "r", expecting: 0)
    #expect(over.errors.contains("warning: \(warning)"))
    let checked = try await rig.run("check", expecting: 0)
    #expect(checked.output.contains(warning))
    #expect(try await rig.run("plan", expecting: 0).output.contains("warning: \(warning)"))
    let both = try await rig.run("cutover", "lines", "--reason", "r", expecting: 0)
    #expect(both.errors == "")
    let back = try await rig.run("retreat", "lines", "--reason", "r", expecting: 0)
    #expect(back.errors.contains("lines is at dual-write-new-reads and orders at new-primary"))
    #expect(try await rig.run("retreat", "orders", "--reason", "r", expecting: 0).errors == "")
    await rig.stop()
  }

  #if PostgreSQL
    @Test func `who carries over goes on when a store is back`() async throws {
      let rig = try await Rig(.postgreSQL, .sqlite, hasLost: false)
      try await rig.run("advance", "orders", "--reason", "r", expecting: 0)
      try await rig.run("backfill", "--mapping", "orders", expecting: 0)
      let follower = try Executable.strangler.start([
        "data", "follow", "--mapping", "orders", "--config", rig.file,
      ])
      try await rig.legacy.run("UPDATE orders SET note = 'before' WHERE id = 1")
      while await rig.new.row("SELECT note FROM orders WHERE id = 1") != "before" {}
      try await rig.legacy.restart {
        _ = try await follower.text(after: "trying again until it is back")
      }
      _ = try await follower.text(after: "both stores are back")
      try await rig.legacy.run("UPDATE orders SET note = 'after' WHERE id = 2")
      while await rig.new.row("SELECT note FROM orders WHERE id = 2") != "after" {}
      #expect(follower.isRunning)
      follower.signal(SIGKILL)
      _ = await follower.outcome()
      await rig.stop()
    }
  #endif
}
