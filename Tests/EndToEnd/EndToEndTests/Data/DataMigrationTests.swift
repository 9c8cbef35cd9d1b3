// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// A mapping that moves as a person moves it, and while everything that takes part is killed.
@Suite("Migrating data", .timeLimit(.minutes(10)), .serialized)
struct DataMigrationTests {
  private struct Rig {
    let scratch: Scratch
    let legacy: DataStore
    let new: DataStore
    let file: String

    init(_ legacy: DataStore.Kind, _ new: DataStore.Kind, rows: Int = 50) async throws {
      scratch = try Scratch()
      self.legacy = try await DataStore(legacy, "legacy", scratch)
      self.new = try await DataStore(new, "new", scratch)
      try await self.legacy.run(
        "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL, note text)",
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
        INSERT INTO orders SELECT i, i * 7, 'é ' || i FROM n
        """)
      try await self.new.run(
        """
        CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL, pence bigint NOT NULL,
          memo text)
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
              columns: { number: id, pence: cents, memo: note }
        """, to: "data.yaml")
    }

    func arguments(_ command: String, _ arguments: [String]) -> [String] {
      let mapping =
        switch command {
        case "advance", "retreat", "cutover", "retire": ["orders", "--reason", "why"]
        case "repair": ["orders"]
        default: [String]()
        }
      return ["data", command] + mapping + ["--config", file] + arguments
    }

    @discardableResult
    func run(_ command: String, _ options: String..., expecting code: Int32) async throws -> Outcome
    {
      let outcome = try await Executable.strangler.run(arguments(command, options))
      #expect(outcome.exitCode == code, "\(command): \(outcome.output) \(outcome.errors)")
      return outcome
    }

    /// Rows of both sides by SQL that knows nothing of the mapping.
    func tables() async throws -> (legacy: [String], new: [String]) {
      (
        try await legacy.rows("SELECT id, cents, note FROM orders ORDER BY id"),
        try await new.rows("SELECT number, pence, memo FROM purchases ORDER BY number")
      )
    }

    func stop() async {
      await legacy.stop()
      await new.stop()
    }
  }

  @Test func `the way there and back, as a person walks it`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    let (order, status) = (
      try JSONSchema.fixture("data-order.schema.json"),
      try JSONSchema.fixture("data-status.schema.json")
    )
    let start = try await rig.run("status", expecting: 0)
    #expect(
      start.output == """
        orders: legacy.orders to new.purchases
          legacy-primary: legacy is written and read; nothing follows
          changes waiting: 0; backfill: missing
          next: dual-write-legacy-reads
            open    mapping-holds

        """)
    #expect(
      try await rig.run("retreat", expecting: 1).output
        == "orders: stays at legacy-primary; to retreat, this is missing:\n"
        + "  orders is at legacy-primary, which is where it began\n")
    #expect(
      try await rig.run("advance", expecting: 0).output
        == "orders: legacy-primary to dual-write-legacy-reads: legacy is written and read; "
        + "the new side follows\n")
    let refused = try await rig.run("advance", "--format", "json", expecting: 1)
    #expect(try order.problems(in: refused.output) == [])
    #expect(refused.output.contains("run strangler data backfill"))
    try await rig.run("backfill", expecting: 0)
    try await rig.legacy.run("UPDATE orders SET cents = 1 WHERE id = 5")
    let waiting = try await rig.run("status", "--format", "json", expecting: 0)
    #expect(try status.problems(in: waiting.output) == [])
    #expect(waiting.output.contains("\"waiting\" : 1"))
    #expect(
      try await rig.run("follow", "--until-empty", expecting: 0).output
        == "orders: 1 rows carried over\n")
    try await rig.run("advance", expecting: 0)
    let over = try await rig.run("advance", "--format", "json", expecting: 0)
    #expect(try order.problems(in: over.output) == [])
    try await rig.new.run("DELETE FROM purchases WHERE number = 6")
    await #expect(throws: (any Error).self) { try await rig.legacy.run("DELETE FROM orders") }
    let back = try await rig.run("retreat", "--actor", "Ada", expecting: 0)
    #expect(back.output.contains("new-primary to dual-write-new-reads"))
    let (legacy, new) = try await rig.tables()
    #expect(legacy == new && legacy.count == 49)
    let end = try await rig.run("status", "--history", "3", expecting: 0)
    #expect(end.output.contains("  back: dual-write-legacy-reads\n"))
    #expect(end.output.contains("Ada: settle, new-primary to dual-write-new-reads: why\n"))
    #expect(
      end.output.contains("Ada: retreat, new-primary to dual-write-new-reads: why (0 changes"))
    for mistake in [["orders"], ["orders", "--reason", ""], ["--reason", "x"]] {
      let wrong = try await Executable.strangler.run(
        ["data", "advance", "--config", rig.file] + mistake)
      #expect(wrong.exitCode == 2 && wrong.output == "")
    }
    await rig.stop()
  }

  @Test func `cut over by one command, compared live, and retired`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    let (schema, verified) = (
      try JSONSchema.fixture("data-cutover.schema.json"),
      try JSONSchema.fixture("data-verify.schema.json")
    )
    let early = try await rig.run("cutover", expecting: 1)
    #expect(
      early.output == """
        orders: stays at legacy-primary; for cutover, this is missing:
          nothing follows yet; strangler data advance begins that, strangler data backfill copies

        """)
    let quiet = try await rig.run("verify", "--live", expecting: 1)
    #expect(quiet.errors.contains("where no side follows the other"))
    try await rig.run("advance", expecting: 0)
    let unfilled = try await rig.run("verify", "--live", expecting: 1)
    #expect(unfilled.errors.contains("run strangler data backfill"))
    let bare = try await rig.run("cutover", "--dry-run", "--format", "json", expecting: 1)
    #expect(try schema.problems(in: bare.output) == [])
    #expect(bare.output.contains("legacy's rows were not copied"))
    try await rig.run("backfill", expecting: 0)
    try await rig.legacy.run("UPDATE orders SET cents = 1 WHERE id = 5")
    let live = try await rig.run("verify", "--live", "--chunk-rows", "20", expecting: 0)
    #expect(
      live.output
        == "orders: equal: 50 rows of legacy.orders, 50 of new.purchases; "
        + "7 chunks compared while they were written\n")
    let json = try await rig.run("verify", "--live", "--format", "json", expecting: 0)
    #expect(try verified.problems(in: json.output) == [])
    let dry = try await rig.run("cutover", "--dry-run", expecting: 0)
    #expect(dry.output.hasSuffix("orders: every gate holds; nothing was changed\n"))
    #expect(dry.output.contains("  holds   sides-equal\n"))
    let early2 = try await rig.run("retire", "--confirm", "orders", expecting: 1)
    #expect(early2.output.contains("run strangler data cutover"))
    let over = try await rig.run("cutover", expecting: 0)
    #expect(over.output.hasPrefix("orders: dual-write-legacy-reads to new-primary: "))
    #expect(over.output.contains("writes paused for "))
    let again = try await rig.run("cutover", "--format", "json", expecting: 0)
    #expect(try schema.problems(in: again.output) == [])
    try await rig.new.run("UPDATE purchases SET memo = 'x' WHERE number = 7")
    #expect(try await rig.run("verify", "--live", expecting: 0).output.contains("orders: equal"))
    for confirmation in [[], ["--confirm", "order"]] {
      let wrong = try await Executable.strangler.run(rig.arguments("retire", confirmation))
      #expect(wrong.exitCode == 2 && wrong.errors.contains("say --confirm orders"))
    }
    #expect(try await rig.run("advance", expecting: 1).output.contains("use strangler data retire"))
    try await rig.run("retire", "--dry-run", expecting: 0)
    let end = try await rig.run("retire", "--confirm", "orders", "--format", "json", expecting: 0)
    #expect(try schema.problems(in: end.output) == [])
    let (legacy, new) = try await rig.tables()
    #expect(legacy == new && legacy.count == 50)
    await #expect(throws: (any Error).self) { try await rig.legacy.run("DELETE FROM orders") }
    let last = try await rig.run("status", "--history", "2", expecting: 0)
    #expect(
      last.output.contains("advance, new-primary to retired: why (0 changes waiting; 50 rows"))
    await rig.stop()
  }

  /// Back where it began nothing is noted, so what is written there has to be copied and mended.
  @Test func `back at the start and on again`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    try await rig.run("advance", expecting: 0)
    try await rig.run("backfill", expecting: 0)
    for order in ["advance", "retreat", "retreat"] { try await rig.run(order, expecting: 0) }
    try await rig.legacy.run(
      "UPDATE orders SET cents = 1 WHERE id = 5", "DELETE FROM orders WHERE id = 6",
      "INSERT INTO orders VALUES (51, 5, NULL)")
    try await rig.run("advance", expecting: 0)
    let bare = try await rig.run("advance", expecting: 1)
    #expect(bare.output.contains("the backfill has read 0 rows and is not at its end"))
    #expect(
      try await rig.run("backfill", expecting: 0).output
        == "orders: 50 rows read, 1 added, 49 there already\n")
    let apart = try await rig.run("advance", expecting: 1)
    #expect(apart.output.contains("2 rows differ; mend them with strangler data repair"))
    let shown = try await rig.run("repair", expecting: 1)
    #expect(
      shown.output == """
        orders: 1 extra
          extra     number = 6
        orders: 1 differs
          differs   number = 5: pence is 1 in legacy, 35 on the new side
        orders: --apply would add 0 rows of new.purchases, write over 1 and delete 1; \
        nothing was written

        """)
    let mended = try await rig.run("repair", "--apply", "--reason", "begun again", expecting: 0)
    #expect(mended.output.hasSuffix("orders: 2 rows carried over again; equal now\n"))
    try await rig.run("advance", expecting: 0)
    let (legacy, new) = try await rig.tables()
    #expect(legacy == new && legacy.count == 50)
    await rig.stop()
  }

  /// Everything that takes part, at random moments: the service that writes, who carries over, who
  /// changes sides. One outside looks on: two sides never take writes at once.
  ///
  /// `DATA_KILL_SEED=7 DATA_KILL_ROUNDS=300 swift test --filter DataMigration` chooses the kills
  /// and how many orders there are.
  @Test(arguments: DataStore.pairs)
  func `killed at every moment, nothing is lost`(
    legacy: DataStore.Kind, new: DataStore.Kind
  ) async throws {
    try await walk(legacy, new, isWholeWay: false)
  }

  /// The same down to where it began: no write is lost there, and what nobody noted is mended.
  @Test(arguments: DataStore.pairs)
  func `killed on the whole way, nothing is lost and all is mended`(
    legacy: DataStore.Kind, new: DataStore.Kind
  ) async throws {
    try await walk(legacy, new, isWholeWay: true)
  }

  private func walk(
    _ legacy: DataStore.Kind, _ new: DataStore.Kind, isWholeWay: Bool
  ) async throws {
    let environment = ProcessInfo.processInfo.environment
    let seed =
      environment["DATA_KILL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64(UInt32.max))
    let rounds = environment["DATA_KILL_ROUNDS"].flatMap { Int($0) } ?? 24
    var random = SeededSequence(seed: seed)
    let rig = try await Rig(legacy, new)
    try await rig.run("advance", expecting: 0)
    try await rig.run("backfill", expecting: 0)
    var crowd = try Crowd(rig.arguments("follow", []), rig.legacy.place, rig.new.place)
    var kills = 0
    for round in 0..<rounds {
      let state = await rig.new.row("SELECT state, settled FROM strangler_migration")
      let mayRetreat = isWholeWay || ![nil, "dual-write-legacy-reads 1"].contains(state)
      let order = mayRetreat && round % 6 >= 3 ? "retreat" : "advance"
      let operation = try Executable.strangler.start(rig.arguments(order, []))
      let aim = crowd.service.lines + Int.random(in: 0...60, using: &random)
      while operation.isRunning, crowd.service.isRunning, crowd.service.lines < aim {
        try await look(rig)
      }
      let victim = Int.random(in: 0..<4, using: &random)
      if victim == 0 || victim == 3 {
        operation.signal(SIGKILL)
        kills += 1
      }
      _ = await operation.outcome()
      if victim == 1 { try await crowd.replaceFollower() }
      if victim == 2 || victim == 3 { try await crowd.replaceService() }
    }
    #expect(kills > 0, "seed \(seed)")
    // Whatever was left behind, an order ends it.
    for _ in 0..<2 {
      _ = try await Executable.strangler.run(rig.arguments("advance", []))
    }
    try await crowd.stop()
    let status = try await rig.run("status", "--format", "json", expecting: 0)
    #expect(status.output.contains("\"settled\" : true"), "seed \(seed): \(status.output)")
    try await rig.run("follow", "--until-empty", expecting: 0)
    if isWholeWay {
      if status.output.contains("\"state\" : \"dual-write-legacy-reads\"") {
        try await rig.run("backfill", expecting: 0)
      }
      try await rig.run("repair", "--apply", "--reason", "begun again", expecting: 0)
    }
    let history = try await rig.run("status", "--history", "60", expecting: 0).output
    let (old, now) = try await rig.tables()
    let apart = Set(old).symmetricDifference(now).sorted()
    #expect(apart == [], "seed \(seed): \(history)")
    #expect(old.count == now.count, "seed \(seed)")
    let faults = crowd.faults(in: now)
    #expect(faults == [], "seed \(seed): \(history)")
    #expect(crowd.written > 100, "seed \(seed): too little happened")
    try await rig.run("verify", expecting: 0)
    await rig.stop()
  }

  private func look(_ rig: Rig) async throws {
    let sql = "SELECT role, epoch FROM strangler_fence WHERE side ="
    let first = await rig.legacy.row("\(sql) 'legacy'")
    let other = await rig.new.row("\(sql) 'new'")
    let again = await rig.legacy.row("\(sql) 'legacy'")
    let isOpen = first?.hasPrefix("primary") == true && first == again
    #expect(!(isOpen && other?.hasPrefix("primary") == true), "both sides take writes")
  }

  /// The service that writes, with those that were killed before it, and who carries over.
  private struct Crowd {
    private let following: [String]
    private let places: [String]
    private var follower: RunningProgram
    private(set) var service: RunningProgram
    private var first: Int64 = 10_000
    private var ended: [(first: Int64, output: String)] = []

    init(_ following: [String], _ legacy: String, _ new: String) throws {
      self.following = following
      places = [legacy, new]
      follower = try Executable.strangler.start(following)
      service = try Executable.dataCrashChild.start(places + ["\(first)"])
    }

    mutating func replaceFollower() async throws {
      follower.signal(SIGKILL)
      _ = await follower.outcome()
      follower = try Executable.strangler.start(following)
    }

    mutating func replaceService() async throws {
      try await end()
      first += 1_000
      service = try Executable.dataCrashChild.start(places + ["\(first)"])
    }

    private mutating func end() async throws {
      service.signal(SIGKILL)
      let outcome = await service.outcome()
      #expect(outcome.errors == "")
      ended.append((first, outcome.output))
    }

    mutating func stop() async throws {
      try await end()
      follower.signal(SIGKILL)
      _ = await follower.outcome()
    }

    var written: Int { ended.reduce(0) { $0 + $1.output.count { $0 == "\n" } } }

    /// What rows are not that services were told they are: the last write of each order that was
    /// acknowledged, or the one behind it, whose acknowledgement was killed.
    func faults(in rows: [String]) -> [String] {
      var found: [Int64: String] = [:]
      for row in rows {
        let parts = row.split(separator: " ", maxSplits: 1)
        if let key = Int64(parts[0]) { found[key] = String(parts[1]) }
      }
      var faults: [String] = []
      for (first, output) in ended {
        let lines = output.split(separator: "\n").dropLast(output.hasSuffix("\n") ? 0 : 1)
        let count = Int64(lines.count)
        for offset in 0..<Self.orders {
          // How often this order was written, as far as that was acknowledged.
          let times = (count - offset + Self.orders - 1) / Self.orders
          let key = first + offset
          let isLast = count % Self.orders == offset
          let allowed = [Self.row(key, times)] + (isLast ? [Self.row(key, times + 1)] : [])
          if !allowed.contains(found[key]) {
            faults.append("\(key) is \(found[key] ?? "gone"), not \(allowed)")
          }
        }
      }
      return faults
    }

    private static let orders: Int64 = 40

    /// What an order is after so many writes; nil where it is gone.
    private static func row(_ key: Int64, _ times: Int64) -> String? {
      let round = times - 1
      return times == 0 || (key + round) % 7 == 0 ? nil : "\(times) é \(times)"
    }
  }
}

/// Random numbers that come again with their seed.
private struct SeededSequence: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
