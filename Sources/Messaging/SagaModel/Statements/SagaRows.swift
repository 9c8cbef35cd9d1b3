// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// Reads rows of sagas; both stores give them as columns in the statements' order.
package enum SagaRows {
  /// - Parameters:
  ///   - sagas: columns as `SagaStatements.columns` names them.
  ///   - steps: columns as `SagaStatements.stepColumns` names them.
  ///   - arrivals: `n`, `saga_id`, `kind`, `step`, `direction`, `content`.
  /// - Throws: `MessageStoreError` with the code `corruptRow`.
  package static func open(
    sagas: [OperatorRow], steps: [OperatorRow], arrivals: [OperatorRow]
  ) throws -> [OpenSaga] {
    let steps = Dictionary(grouping: steps) { $0.text(0) ?? "" }
    let arrivals = Dictionary(grouping: arrivals) { $0.text(1) ?? "" }
    return try sagas.map { row in
      var record = try record(row)
      record.steps = try (steps[record.id] ?? []).map(step).sorted(by: isEarlier)
      return OpenSaga(
        record: record, arrivals: try (arrivals[record.id] ?? []).map(arrival))
    }
  }

  /// Steps go forward, and compensations back.
  private static func isEarlier(_ left: SagaStepRecord, _ right: SagaStepRecord) -> Bool {
    switch (left.place.direction, right.place.direction) {
    case (.forward, .backward): true
    case (.backward, .forward): false
    case (.forward, .forward): left.place.position < right.place.position
    case (.backward, .backward): left.place.position > right.place.position
    }
  }

  private static func record(_ row: OperatorRow) throws -> SagaRecord {
    var record = SagaRecord(
      id: try required(row.text(0), "saga.id"),
      identity: SagaIdentity(
        name: try required(row.text(1), "saga.name"),
        version: Int(try required(row.integer(2), "saga.version")),
        shape: try required(row.text(3), "saga.shape")),
      context: try required(row.text(7), "saga.context"),
      begunAt: try required(row.integer(8), "saga.begun_at"), deadline: row.integer(9),
      trace: row.text(13))
    record.phase = try required(row.text(4).flatMap { .init(rawValue: $0) }, "saga.phase")
    record.place = try place(row, position: 6, direction: 5, "saga")
    record.wakeAt = row.integer(10)
    record.endedAt = row.integer(11)
    record.failure = row.text(12)
    record.revision = try required(row.integer(14), "saga.revision")
    return record
  }

  private static func step(_ row: OperatorRow) throws -> SagaStepRecord {
    var step = SagaStepRecord(
      place: try place(row, position: 1, direction: 2, "saga_step"),
      name: try required(row.text(3), "saga_step.name"),
      kind: try required(row.text(4).flatMap { .init(rawValue: $0) }, "saga_step.kind"),
      begunAt: try required(row.integer(9), "saga_step.begun_at"))
    step.state = try required(row.text(5).flatMap { .init(rawValue: $0) }, "saga_step.state")
    step.attempts = Int(try required(row.integer(6), "saga_step.attempts"))
    step.crashes = Int(try required(row.integer(7), "saga_step.crashes"))
    step.mayHaveRun = row.integer(8) == 1
    step.dueAt = row.integer(10)
    step.endedAt = row.integer(11)
    step.failure = row.text(12)
    return step
  }

  private static func arrival(_ row: OperatorRow) throws -> SagaArrival {
    let number = try required(row.integer(0), "saga_arrival.n")
    let content = row.text(5) ?? ""
    guard row.text(2) != "order" else {
      let order = try required(SagaOrder(rawValue: content), "saga_arrival.content")
      return SagaArrival(number: number, content: .order(order))
    }
    return SagaArrival(
      number: number,
      content: .answer(
        step: try required(row.text(3), "saga_arrival.step"),
        try required(
          row.text(4).flatMap { .init(rawValue: $0) }, "saga_arrival.direction"),
        outcome(row.text(2), content)))
  }

  private static func outcome(_ kind: String?, _ content: String) -> SagaAnswer.Outcome {
    kind == "refused" ? .refused(content) : .done(Array(content.utf8))
  }

  /// What a service has answered for a step: `direction`, `outcome`, `content`.
  package static func answers(_ rows: [OperatorRow]) -> [SagaDirection: SagaAnswer.Outcome] {
    var answers: [SagaDirection: SagaAnswer.Outcome] = [:]
    for row in rows {
      guard let direction = row.text(0).flatMap(SagaDirection.init) else { continue }
      answers[direction] = outcome(row.text(1), row.text(2) ?? "")
    }
    return answers
  }

  private static func place(
    _ row: OperatorRow, position: Int, direction: Int, _ table: String
  ) throws -> SagaPlace {
    SagaPlace(
      Int(try required(row.integer(position), "\(table).position")),
      try required(
        row.text(direction).flatMap { .init(rawValue: $0) }, "\(table).direction"))
  }

  private static func required<Value>(
    _ value: Value?, _ column: String
  ) throws(MessageStoreError) -> Value {
    guard let value else {
      throw MessageStoreError(
        .corruptRow, "the column \(column) has no value of its type: was the table altered?")
    }
    return value
  }
}

extension SagaAnswer {
  /// What `SagaStatements.arrive` binds.
  package func values(now: Int64) -> [String: SQLParameter] {
    [
      "id": .text(sagaID), "kind": .text(outcome.name), "step": .text(step),
      "direction": .text(direction.rawValue), "content": .text(outcome.content),
      "now": .integer(now),
    ]
  }
}

extension SagaCommand {
  /// What `SagaStatements.answers` binds.
  package var stepValues: [String: SQLParameter] {
    ["id": .text(call.sagaID), "step": .text(call.step)]
  }

  /// What `SagaStatements.keepAnswer` binds.
  package func answerValues(
    _ answer: SagaAnswer.Outcome, now: Int64
  ) -> [String: SQLParameter] {
    [
      "id": .text(call.sagaID), "step": .text(call.step),
      "direction": .text(call.direction.rawValue), "outcome": .text(answer.name),
      "content": .text(answer.content), "now": .integer(now),
    ]
  }
}

extension SagaAnswer.Outcome {
  fileprivate var content: String {
    switch self {
    case .done(let payload): String(decoding: payload, as: UTF8.self)
    case .refused(let reason): reason
    }
  }
}
