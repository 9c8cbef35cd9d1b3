// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Synchronization

/// Moves one mapping on paper: its state, and what its orders are to come to.
final class StillMover: DataMover {
  struct State: Sendable {
    var position = 1
    var looks = 0
    var checks = 0
    var missing: [String] = []
    var turnedBack: String?
    var failure: DataRefusal?
    var given: [DataOrder] = []
    var isDifferent = false
  }

  static let states = [
    "legacy-primary", "dual-write-legacy-reads", "dual-write-new-reads", "new-primary", "retired",
  ]

  let state = Mutex(State())
  /// Orders and comparisons wait for it; nil where they need not.
  let gate: Gate?

  init(gate: Gate? = nil) { self.gate = gate }

  func mappings(history: Int) async throws -> [DataMappingStatus] {
    let (position, failure) = state.withLock { state in
      state.looks += 1
      return (state.position, state.failure)
    }
    if let failure { throw failure }
    let name = Self.states[position]
    return [
      DataMappingStatus(
        name: "orders", from: "legacy.orders", to: "new.purchases",
        way: .init(
          state: name, target: name, isSettled: true, states: Self.states, summary: "as it is",
          writes: position < 3 ? "legacy" : "new", reads: position < 2 ? "legacy" : "new",
          next: position < 4 ? Self.states[position + 1] : nil,
          back: position > 0 && position < 4 ? Self.states[position - 1] : nil),
        epoch: position, legacyFence: "primary", newFence: "follower", waiting: 3, refused: [],
        backfill: .init(state: "finished", rows: 50),
        gates: [.init(name: "few-waiting", outcome: "holds", missing: [])],
        history: [
          .init(
            at: "2026-11-23T12:00:00.000Z", actor: "ann", reason: "why", action: "advance",
            from: "legacy-primary", to: "dual-write-legacy-reads", epoch: 1, evidence: "")
        ])
    ]
  }

  func carryOut(_ order: DataOrder) async throws -> DataOutcome {
    await gate?.wait()
    return try state.withLock { state in
      state.given.append(order)
      if let failure = state.failure { throw failure }
      if state.missing.isEmpty, state.turnedBack == nil {
        switch order.action {
        case .advance: state.position += 1
        case .retreat: state.position -= 1
        case .cutover: state.position = 3
        case .retire: state.position = 4
        case .backfill, .repair: break
        }
      }
      return DataOutcome(
        missing: state.missing, turnedBack: state.turnedBack, pauseMilliseconds: 12.5)
    }
  }

  func plan(_ mapping: String) async throws -> DataMappingPlan {
    try state.withLock { state in if let failure = state.failure { throw failure } }
    return DataMappingPlan(
      table: DataTablePlan(
        mapping: mapping, from: "legacy.orders", to: "new.purchases", key: ["id"],
        amount: .init(rows: 50, precision: "exactly", chunkRows: 20),
        columns: [.init(name: "amount", from: "cents", isReversed: true)], left: ["note"],
        reverse: ["cents"],
        statements: .init(reads: "SELECT", writes: "INSERT", changes: "UPSERT", reverseWrites: nil)),
      warnings: ["rows refer to a table that no mapping fills"])
  }

  func check(_ mapping: String) async throws -> DataMappingCheck {
    state.withLock { $0.checks += 1 }
    await gate?.wait()
    let isDifferent = state.withLock(\.isDifferent)
    return DataMappingCheck(
      isUsable: !isDifferent,
      findings: isDifferent
        ? [
          .init(
            severity: "error", line: 12, column: 3, key: "data.mappings.orders.columns.amount",
            message: "loses something",
            counterexample: .init(place: "id = 5", key: "amount", text: "1.5 becomes 1"))
        ] : [],
      questions: [
        .init(
          side: "legacy", key: "columns.amount", question: "every value fits",
          outcome: isDifferent ? "broken" : "holds", reason: nil)
      ])
  }

  func verify(
    _ mapping: String, progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> DataComparison {
    progress(60)
    await gate?.wait()
    progress(40)
    let isDifferent = state.withLock(\.isDifferent)
    return DataComparison(
      isEqual: !isDifferent, legacyRows: 50, newRows: 50,
      counts: .init(
        missing: 0, extra: 0, differs: isDifferent ? 1 : 0, encoding: 0, stale: 0),
      rows: isDifferent
        ? [
          .init(
            kind: "differs", key: "id = 5", columns: [.init(name: "cents", legacy: "1", new: "2")])
        ] : [], checks: 2, unsettled: 0)
  }

  /// What has to be opened before anything goes on.
  final class Gate: Sendable {
    private let opened: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation

    init() { (opened, opening) = AsyncStream.makeStream(of: Void.self) }

    func open() { opening.finish() }
    func wait() async { for await _ in opened {} }
  }
}
