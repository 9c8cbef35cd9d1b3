// SPDX-License-Identifier: Apache-2.0

/// What operators ask of an outbox and its inboxes, and do to what does not go on by itself.
package struct OutboxOperator: Sendable {
  /// Most dead letters that are read: more than relays and inboxes park with their default limits.
  package static let letterLimit: Int64 = 100_000
  /// Letters that one transaction changes.
  private static let lettersAtOnce = 100

  private let database: any OperatorDatabase

  package init(_ database: any OperatorDatabase) { self.database = database }

  var dialect: OperatorDialect { database.dialect }

  /// Reads.
  func run(_ statements: [BoundStatement]) async throws -> [[OperatorRow]] {
    try await database.run(statements, changes: false)
  }

  // MARK: - Looking

  /// Where relays and consumers stand at a time (milliseconds since 1970).
  ///
  /// - Parameter earlier: a report of this outbox since which throughput is counted.
  package func report(now: Int64, since earlier: OutboxReport? = nil) async throws -> OutboxReport {
    let checks = Self.standing(dialect)
    let reads = [
      BoundStatement(ReportStatements.lastSequence),
      BoundStatement(
        ReportStatements.relays(dialect), ["most": .integer(OutboxReport.countLimit)]),
      BoundStatement(ReportStatements.consumers),
    ]
    let before = earlier?.relays ?? []
    let counts = before.map { relay in
      BoundStatement(
        ReportStatements.passed(dialect),
        [
          "relay": .text(relay.name), "sequence": .integer(relay.position.sequence),
          "previous": SQLParameter(relay.position.previous),
          "current": SQLParameter(relay.position.current),
        ])
    }
    let answers = try await run(reads + checks.map(\.bound) + counts)
    var report = OutboxReport(
      now: now, sequence: answers[0], relays: answers[1], consumers: answers[2],
      warnings: Self.findings(checks, answers[reads.count..<(reads.count + checks.count)]))
    guard let earlier, now > earlier.at else { return report }
    for (relay, answer) in zip(before, answers.suffix(counts.count)) {
      guard let count = answer.first?.integer(0),
        let index = report.relays.firstIndex(where: { $0.name == relay.name })
      else { continue }
      report.relays[index].throughput = Double(count) * 1_000 / Double(now - earlier.at)
    }
    return report
  }

  /// What does not go on by itself, relays first.
  package func deadLetters(_ selection: DeadLetterSelection) async throws -> [DeadLetter] {
    let limit: [String: SQLParameter] = ["most": .integer(Self.letterLimit)]
    let answers = try await run([
      BoundStatement(ReportStatements.relayLetters, limit),
      BoundStatement(ReportStatements.consumerLetters, limit),
    ])
    let letters =
      answers[0].map(DeadLetter.init(relay:)) + answers[1].map(DeadLetter.init(consumer:))
    return letters.filter(selection.contains)
  }

  /// What operators did, newest first.
  package func history(limit: Int) async throws -> [AuditEntry] {
    try await run([
      BoundStatement(ReportStatements.audit, ["most": .integer(Int64(limit))])
    ])[0].map(AuditEntry.init)
  }

  // MARK: - Acting

  /// Who does something, and why.
  package struct Order: Sendable {
    package var actor: String
    package var reason: String
    /// Milliseconds since 1970.
    package var now: Int64

    package init(actor: String, reason: String, now: Int64) {
      self.actor = actor
      self.reason = reason
      self.now = now
    }
  }

  private enum Action: String {
    case replay, skip
  }

  /// Tries letters again at once, with all their attempts, in order with what waits behind.
  ///
  /// - Returns: how many; one that went on meanwhile is left alone.
  package func replay(_ letters: [DeadLetter], _ order: Order) async throws -> Int {
    try await carryOut(.replay, letters, order)
  }

  /// Gives up each letter's event, or the version that is missing before it. What waits behind goes
  /// on; consumers of what a relay gives up will see a gap.
  ///
  /// - Returns: how many; one that went on meanwhile is left alone.
  package func skip(_ letters: [DeadLetter], _ order: Order) async throws -> Int {
    try await carryOut(.skip, letters, order)
  }

  /// Gives up a relay that will not come back: where it stands and what it has parked. What it had
  /// not sent, it never sends; one of the same name begins with what the outbox still holds.
  ///
  /// - Returns: false where there is none, or somebody holds its lease.
  package func forget(relay: String, _ order: Order) async throws -> Bool {
    let values: [String: SQLParameter] = [
      "relay": .text(relay), "now": .integer(order.now), "actor": .text(order.actor),
      "reason": .text(order.reason),
    ]
    let holds = dialect == .postgreSQL ? [PostgreSQLRelayStatements.hold] : []
    let statements = holds + RelayOperations.forgetting
    let answers = try await database.run(
      statements.map { BoundStatement($0, values) }, changes: true)
    return !answers[holds.count].isEmpty
  }

  private func carryOut(
    _ action: Action, _ letters: [DeadLetter], _ order: Order
  ) async throws -> Int {
    var done = 0
    var rest = letters[...]
    while !rest.isEmpty {
      let some = rest.prefix(Self.lettersAtOnce)
      rest = rest.dropFirst(some.count)
      var statements: [BoundStatement] = []
      var audits: [Int] = []
      for letter in some {
        let steps = steps(action, letter, order)
        audits.append(statements.count + steps.audit)
        statements += steps.statements
      }
      let answers = try await database.run(statements, changes: true)
      done += audits.count { !answers[$0].isEmpty }
    }
    return done
  }

  /// The statements of one letter, and which of them tells whether anything was done.
  private func steps(
    _ action: Action, _ letter: DeadLetter, _ order: Order
  ) -> (statements: [BoundStatement], audit: Int) {
    let values: [String: SQLParameter] = [
      "relay": SQLParameter(letter.relay), "consumer": SQLParameter(letter.consumer),
      "aggregateType": .text(letter.aggregateType), "aggregateID": .text(letter.aggregateID),
      "position": .integer(letter.position), "now": .integer(order.now),
      "actor": .text(order.actor), "action": .text(action.rawValue), "reason": .text(order.reason),
    ]
    let isPostgreSQL = dialect == .postgreSQL
    var statements: [NamedStatement] = []
    if letter.relay != nil {
      if isPostgreSQL { statements.append(PostgreSQLRelayStatements.hold) }
      statements.append(LetterStatements.auditRelay)
      statements.append(
        action == .skip ? LetterStatements.skipRelay : LetterStatements.replayRelay)
      statements.append(LetterStatements.supersede)
    } else {
      if isPostgreSQL { statements.append(PostgreSQLInboxStatements.lock) }
      statements.append(LetterStatements.auditConsumer)
      statements +=
        action == .skip
        ? [LetterStatements.skipConsumer, LetterStatements.forgetConsumer]
        : [LetterStatements.replayConsumer]
    }
    return (statements.map { BoundStatement($0, values) }, isPostgreSQL ? 1 : 0)
  }
}
