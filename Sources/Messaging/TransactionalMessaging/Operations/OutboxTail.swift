// SPDX-License-Identifier: Apache-2.0

/// Looks at events as they commit: beside the relays, without a lease, changing nothing.
///
/// An event that commits late is seen when it commits, after events with larger sequences; within
/// an aggregate they come in order.
package struct OutboxTail: Sendable {
  /// Chooses among events; what is nil chooses nothing.
  package struct Filter: Sendable, Equatable {
    package var aggregateType: String?
    package var aggregateID: String?
    package var type: String?
    package var tenant: String?

    package init() {}
  }

  private enum Position: Sendable {
    case sequence(Int64)
    case snapshot(String)
    /// The rest of what became visible between two snapshots.
    case window(previous: String, current: String, after: Int64)
  }

  private let database: any OperatorDatabase
  private let filter: Filter
  private var position: Position?

  package init(_ database: any OperatorDatabase, _ filter: Filter = Filter()) {
    self.database = database
    self.filter = filter
  }

  /// The last events that are there, in order of their sequences; `next` goes on behind them.
  package mutating func begin(last count: Int) async throws -> [AppendedEvent] {
    let answers = try await database.run(
      [
        BoundStatement(TailStatements.position(database.dialect)),
        BoundStatement(
          TailStatements.last(database.dialect), values(["limit": .integer(Int64(count))])),
      ], changes: false)
    position = try here(answers[0])
    return try answers[1].reversed().map(Self.event)
  }

  /// What was committed since; empty when there is nothing.
  ///
  /// - Parameter limit: most events of one call; the next goes on behind them.
  package mutating func next(limit: Int) async throws -> [AppendedEvent] {
    guard let position else { return try await begin(last: 0) }
    var parameters: [String: SQLParameter] = [
      "limit": .integer(Int64(limit)), "after": .integer(.min),
    ]
    switch position {
    case .sequence(let sequence): parameters["after"] = .integer(sequence)
    case .snapshot(let snapshot): parameters["previous"] = .text(snapshot)
    case .window(let previous, let current, let sequence):
      parameters["previous"] = .text(previous)
      parameters["current"] = .text(current)
      parameters["after"] = .integer(sequence)
    }
    let answers = try await database.run(
      [
        BoundStatement(TailStatements.position(database.dialect)),
        BoundStatement(TailStatements.next(database.dialect), values(parameters)),
      ], changes: false)
    let events = try answers[1].map(Self.event)
    self.position = next(
      after: position, now: try here(answers[0]), last: events.last?.sequence,
      isFull: events.count == limit)
    return events
  }

  private func next(
    after position: Position, now: Position, last: Int64?, isFull: Bool
  ) -> Position {
    guard isFull, let last else {
      if case .window(_, let current, _) = position { return .snapshot(current) }
      return now
    }
    return switch (position, now) {
    case (.window(let previous, let current, _), _):
      .window(previous: previous, current: current, after: last)
    case (.snapshot(let previous), .snapshot(let current)):
      .window(previous: previous, current: current, after: last)
    default: .sequence(last)
    }
  }

  private func here(_ rows: [OperatorRow]) throws -> Position {
    switch database.dialect {
    case .sqlite: return .sequence(rows.first?.integer(0) ?? 0)
    case .postgreSQL:
      guard let snapshot = rows.first?.text(0) else {
        throw MessageStoreError(.corruptRow, "the database told no snapshot")
      }
      return .snapshot(snapshot)
    }
  }

  private func values(_ further: [String: SQLParameter]) -> [String: SQLParameter] {
    let chosen: [String: SQLParameter] = [
      "aggregateType": SQLParameter(filter.aggregateType),
      "aggregateID": SQLParameter(filter.aggregateID), "type": SQLParameter(filter.type),
      "tenant": SQLParameter(filter.tenant),
    ]
    return chosen.merging(further) { _, last in last }
  }

  private static func event(_ row: OperatorRow) throws -> AppendedEvent {
    guard let sequence = row.integer(0), let id = row.text(1), let version = row.integer(7),
      let occurredAt = row.integer(8),
      let payload = row.bytes(5, isHexadecimal: row.text(6) == "bytea")
    else { throw MessageStoreError(.corruptRow, "a row of outbox cannot be read") }
    let (headers, defect) = HeaderText.read(row.text(9) ?? "", event: id)
    return AppendedEvent(
      sequence: sequence, version: version,
      event: OutboxEvent(
        id: id, aggregateType: row.text(2) ?? "", aggregateID: row.text(3) ?? "",
        type: row.text(4) ?? "", schemaVersion: Int(row.integer(10) ?? 1), occurredAt: occurredAt,
        headers: headers, payload: payload, tenant: row.text(11), payloadReference: row.text(12)),
      defect: defect)
  }
}
