// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// What operators ask of sagas, and decide about those that do not go on by themselves.
///
/// A decision is kept until the saga's orchestrator looks at it, which has the definition and the
/// last word.
package struct SagaOperator: Sendable {
  private let database: any OperatorDatabase

  package init(_ database: any OperatorDatabase) { self.database = database }

  /// Sagas, those that began last first.
  package func list(_ listing: SagaListing) async throws -> [SagaSummary] {
    let states = listing.states.isEmpty ? Set(SagaListing.State.allCases) : listing.states
    let list = try ContextText.encode(states.map(\.rawValue).sorted())
    return try await database.run(
      [
        BoundStatement(
          SagaOperations.list(database.dialect),
          [
            "saga": listing.saga.map { .text($0) } ?? .null,
            "fingerprint": listing.fingerprint.map { .text($0) } ?? .null,
            "states": .text(list), "most": .integer(Int64(listing.limit)),
          ])
      ], changes: false)[0].map(SagaSummary.init)
  }

  /// One saga; nil where there is none of this id.
  package func show(_ id: String) async throws -> SagaHistory? {
    let values: [String: SQLParameter] = ["id": .text(id)]
    let answers = try await database.run(
      SagaOperations.show.map { BoundStatement($0, values) }, changes: false)
    guard let row = answers[0].first else { return nil }
    return SagaHistory(id: id, saga: row, steps: answers[1], audit: answers[2], answers[3])
  }

  /// How many sagas ended before a time, in milliseconds since 1970.
  package func ended(before: Int64) async throws -> Int {
    let rows = try await database.run(
      [BoundStatement(SagaOperations.countEnded, ["before": .integer(before)])], changes: false)
    return Int(rows[0].first?.integer(0) ?? 0)
  }

  /// Forgets sagas that ended before a time, the oldest first, in one transaction. What operators
  /// decided about them stays in the audit. An id that is forgotten could be begun once more.
  ///
  /// - Parameter limit: most of them.
  /// - Returns: how many.
  package func prune(endedBefore before: Int64, limit: Int) async throws -> Int {
    let values: [String: SQLParameter] = [
      "before": .integer(before), "most": .integer(Int64(limit)),
    ]
    let answers = try await database.run(
      SagaOperations.prune.map { BoundStatement($0, values) }, changes: true)
    return answers.last?.count ?? 0
  }

  /// Who decides, and why.
  package struct Order: Sendable {
    package var order: SagaOrder
    package var actor: String
    package var reason: String
    /// Milliseconds since 1970.
    package var now: Int64

    package init(_ order: SagaOrder, actor: String, reason: String, now: Int64) {
      self.order = order
      self.actor = actor
      self.reason = reason
      self.now = now
    }
  }

  /// Keeps a decision for the saga's orchestrator, and who made it.
  ///
  /// - Returns: false where the saga is not what the operator saw any more.
  package func decide(_ order: Order, _ saga: SagaHistory) async throws -> Bool {
    let values: [String: SQLParameter] = [
      "id": .text(saga.summary.id), "order": .text(order.order.rawValue),
      "actor": .text(order.actor), "reason": .text(order.reason), "now": .integer(order.now),
      "revision": .integer(saga.revision),
    ]
    let answers = try await database.run(
      SagaOperations.decide.map { BoundStatement($0, values) }, changes: true)
    return !answers[0].isEmpty
  }
}

extension SagaSummary {
  /// - Parameter row: columns as `SagaOperations.summary` names them.
  init(_ row: OperatorRow) {
    let direction = row.text(4).flatMap { SagaDirection(rawValue: $0) } ?? .forward
    self.init(
      id: row.text(0) ?? "", saga: row.text(1) ?? "", version: Int(row.integer(2) ?? 0),
      state: row.text(3).flatMap { SagaListing.State(rawValue: $0) } ?? .stuck,
      step: row.text(5), direction: direction,
      stepState: row.text(6).flatMap { SagaStepRecord.State(rawValue: $0) },
      attempts: Int(row.integer(7) ?? 0), begunAt: row.integer(8) ?? 0, endedAt: row.integer(9),
      wakeAt: row.integer(10), orchestrator: row.text(11), failure: row.text(12),
      fingerprint: row.text(13).flatMap { $0.isEmpty ? nil : $0 })
  }
}

extension SagaHistory {
  init(
    id: String, saga: OperatorRow, steps: [OperatorRow], audit: [OperatorRow],
    _ arrivals: [OperatorRow]
  ) {
    summary = SagaSummary(saga)
    context = saga.text(14) ?? ""
    deadline = saga.integer(15)
    revision = saga.integer(16) ?? 0
    self.steps = steps.map { row in
      let direction = row.text(1).flatMap { SagaDirection(rawValue: $0) } ?? .forward
      let step = row.text(0) ?? ""
      return Entry(
        step: step, direction: direction,
        kind: row.text(2).flatMap { StepKind(rawValue: $0) } ?? .compensatable,
        state: row.text(3).flatMap { SagaStepRecord.State(rawValue: $0) } ?? .unknown,
        attempts: Int(row.integer(4) ?? 0), mayHaveRun: row.integer(5) == 1,
        begunAt: row.integer(6) ?? 0, dueAt: row.integer(7), endedAt: row.integer(8),
        failure: row.text(9), key: SagaCall.key(id, step, direction))
    }
    decisions = audit.map { row in
      Decision(
        at: row.integer(0) ?? 0, actor: row.text(1) ?? "", order: row.text(2) ?? "",
        reason: row.text(3) ?? "")
    }
    self.arrivals = Int(arrivals.first?.integer(0) ?? 0)
  }
}
