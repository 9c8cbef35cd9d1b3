// SPDX-License-Identifier: Apache-2.0

import DataMapping
import GRDB
import MappedStores
import Synchronization
import Testing

/// Both sides are compared while one of them is written and the other follows.
@Suite("Live verification", .timeLimit(.minutes(10)))
struct LiveVerificationTests {
  /// Whoever runs until the test is over.
  private final class Traffic: Sendable {
    private let isOver = Mutex(false)
    private let count = Mutex(0)

    var transactions: Int { count.withLock { $0 } }

    func stop() { isOver.withLock { $0 = true } }

    /// Adds, changes, moves and deletes rows of keys from 1 to 200 and above 1000. No amount
    /// becomes 666, which the new side does not take: such a row would be behind indeed.
    func write(_ table: String, _ key: String, _ amount: String, _ store: any WritableStore)
      async throws
    {
      var random = SystemRandomNumberGenerator()
      while !isOver.withLock({ $0 }) {
        let row = Int.random(in: 1...200, using: &random)
        let other = Int.random(in: 1_000...1_100, using: &random)
        let sql = [
          "UPDATE \(table) SET \(amount) = \(amount) + 1000 WHERE \(key) = \(row)",
          "DELETE FROM \(table) WHERE \(key) = \(other)",
          "INSERT INTO \(table) VALUES (\(other), 5, 'é') ON CONFLICT DO NOTHING",
          "UPDATE \(table) SET \(key) = \(other) + 500 WHERE \(key) = \(other) AND NOT EXISTS "
            + "(SELECT 1 FROM \(table) WHERE \(key) = \(other) + 500)",
          "DELETE FROM \(table) WHERE \(key) = \(other) + 500",
        ].randomElement(using: &random)
        guard let sql else { return }
        try await store.run([StoreStatement(sql)])
        count.withLock { $0 += 1 }
      }
    }

    func follow(_ carrier: ChangeCarrier) async throws {
      while !isOver.withLock({ $0 }) {
        do {
          if try await carrier.batch().read == 0 { await Task.yield() }
        } catch let failure as StoreFailure where failure.code == .locked {
          continue
        }
      }
    }
  }

  /// Runs a body while a side is written by two writers and followed.
  private func withTraffic(
    from side: Doubt.Side, _ rig: MigrationRig, _ body: () async throws -> Void
  ) async throws -> Int {
    let traffic = Traffic()
    let place = side == .legacy ? rig.old.place : rig.new.place
    let names = side == .legacy ? ("orders", "id", "cents") : ("purchases", "number", "pence")
    let carrier = try #require(ChangeCarrier(rig.run.check, from: side, rig.run.stores))
    try await withThrowingTaskGroup { group in
      for _ in 0..<2 {
        let store = try place.openWritable()
        group.addTask {
          defer { store.close() }
          try await traffic.write(names.0, names.1, names.2, store)
        }
      }
      group.addTask { try await traffic.follow(carrier) }
      defer { traffic.stop() }
      try await body()
      traffic.stop()
      try await group.waitForAll()
    }
    return traffic.transactions
  }

  /// Files whose readers are in no writer's way, as services have them: otherwise it takes long.
  private func openForReaders(_ rig: MigrationRig) throws {
    for place in [rig.old.place, rig.new.place] {
      if case .file(let path) = place { try DatabasePool(path: path).close() }
    }
  }

  private func verify(
    _ rig: MigrationRig, from side: Doubt.Side, chunk: Int = 10
  ) async throws -> LiveVerification {
    var limits = LiveVerificationRun.Limits()
    limits.chunk = chunk
    limits.found.listed = 1_000
    let stores = try MigrationRig.stores(rig.run.check.mapping, rig.old, rig.new)
    defer { stores.close() }
    let run = try #require(LiveVerificationRun(rig.run.check, from: side, stores, limits))
    return try await run.run()
  }

  @Test(arguments: InspectionTests.pairs)
  func `no false alarm while rows are written, in either direction`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new)
    try openForReaders(rig)
    try await rig.advance(to: .newReads)
    for side in [Doubt.Side.legacy, .new] {
      if side == .new { try await rig.advance(to: .newPrimary) }
      var checks = 0
      let written = try await withTraffic(from: side, rig) {
        for _ in 0..<2 {
          let found = try await verify(rig, from: side)
          #expect(found.isEqual, "\(found.drifts) \(found.unsettled)")
          checks += found.checks
        }
      }
      #expect(checks >= 120 && written > 0)
      try await rig.carry(from: side)
      try await rig.expectEqual()
    }
    await rig.stop()
  }

  /// Writes the side that follows, past everything.
  private func plant(_ sql: [String], _ rig: MigrationRig) async throws {
    let store = try rig.new.place.openWritable()
    defer { store.close() }
    let passing = FenceStatements(rig.run.statements, .new)
    try await store.run(passing.openBackfill + sql.map { StoreStatement($0) } + passing.close)
  }

  @Test(arguments: InspectionTests.pairs)
  func `planted differences are found while rows are written, exactly those`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new)
    try openForReaders(rig)
    try await rig.advance(to: .newReads)
    try await plant(
      [
        "DELETE FROM purchases WHERE number IN (207, 277)",
        "INSERT INTO purchases VALUES (5000, 1, NULL), (-3, 2, 'x')",
        "UPDATE purchases SET pence = pence + 1 WHERE number IN (201, 300)",
        "UPDATE purchases SET memo = NULL WHERE number = 250",
        "UPDATE purchases SET memo = 'Ã© 260' WHERE number = 260",
      ], rig)
    // The new side does not take these: it stays behind.
    try await rig.old.run([
      "UPDATE orders SET cents = 666 WHERE id IN (210, 220)",
      "INSERT INTO orders VALUES (7000, 666, NULL)",
    ])
    _ = try await withTraffic(from: .legacy, rig) {
      for chunk in [7, 1_000] {
        let found = try await verify(rig, from: .legacy, chunk: chunk)
        func places(_ kind: Drift.Kind) -> [String] {
          found.drifts.filter { $0.kind == kind }.map(\.place)
        }
        #expect(places(.missing) == ["number = 207", "number = 277"])
        #expect(places(.extra) == ["number = -3", "number = 5000"])
        #expect(places(.differs) == ["number = 201", "number = 250", "number = 300"])
        #expect(places(.encoding) == ["number = 260"])
        #expect(places(.stale) == ["number = 210", "number = 220", "number = 7000"])
        #expect(found.counts.all == 11 && found.unsettled == 0)
        let memo = found.drifts.first { $0.place == "number = 250" }?.columns
        #expect(memo?.map(\.name) == ["memo"] && memo?.first?.legacy == "\"é 250\"")
      }
    }
    await rig.stop()
  }

  @Test func `where nothing follows there is no position to compare at`() async throws {
    let rig = try await MigrationRig(.sqlite, .sqlite, rows: 20)
    try await rig.advance(to: .newPrimary)
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await verify(rig, from: .legacy)
    }
    #expect(failure?.code == .fenced)
    await rig.stop()
  }
}
