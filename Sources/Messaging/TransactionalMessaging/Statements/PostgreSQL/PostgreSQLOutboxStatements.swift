// SPDX-License-Identifier: Apache-2.0

/// The outbox in PostgreSQL as SQL, for whoever appends over a driver of her own.
///
/// ```swift
/// let append = try PostgreSQLOutboxStatements.append(event)
/// // Inside the transaction that changes the data, with `append.parameters` bound to $1, $2 ...
/// ```
///
/// The statement answers with one row, `seq` and `aggregateversion`, or with none when an event of
/// this id was appended within the last day. Two transactions at the same time do not see each
/// other, and both may append the id; consumers apply it once all the same. It must run inside the
/// transaction that changes the data, at `READ COMMITTED` or higher, and nothing may be appended by
/// other SQL: the order of events hangs on its lock.
public enum PostgreSQLOutboxStatements {
  /// Numbers an event within its aggregate and appends it.
  ///
  /// - Parameters:
  ///   - event: what happened.
  ///   - payload: the type of the column `payload`, as the tables were made.
  ///   - limits: bounds of one event.
  /// - Throws: `EventRejection` when the event breaks a limit or a naming rule.
  public static func append(
    _ event: OutboxEvent, payload: PostgreSQLOutboxLayout.Payload = .bytes,
    limits: EventLimits = EventLimits()
  ) throws -> SQLStatement {
    try values(of: event, limits) { (payload == .bytes ? appendBytes : appendJSON).bind($0) }
  }

  /// The same for a statement that COMMIT follows at once, before anybody has read its answer: an
  /// id that was used before is an error, so that nothing is committed. Answers with no row.
  package static func appendOrFail(
    _ event: OutboxEvent, payload: PostgreSQLOutboxLayout.Payload, limits: EventLimits
  ) throws -> SQLStatement {
    try values(of: event, limits) { (payload == .bytes ? commitBytes : commitJSON).bind($0) }
  }

  /// SQLSTATE of the error with which `appendOrFail` refuses an id: a division by zero, of which
  /// there is no other in it.
  package static let usedID = "22012"

  private static func values(
    of event: OutboxEvent, _ limits: EventLimits,
    _ bind: ([String: SQLParameter]) -> SQLStatement
  ) throws -> SQLStatement {
    try event.validate(limits)
    return bind([
      "id": .text(event.id), "aggregateType": .text(event.aggregateType),
      "aggregateID": .text(event.aggregateID), "type": .text(event.type),
      "payload": .bytes(event.payload), "occurredAt": .integer(event.occurredAt),
      "headers": .text(try HeaderText.encode(event.headers)),
      "schemaVersion": .integer(Int64(event.schemaVersion)), "tenant": SQLParameter(event.tenant),
      "trace": SQLParameter(event.traceContext?.properties),
      "reference": SQLParameter(event.payloadReference),
    ])
  }

  private static let bytes = ":payload::bytea"
  private static let json = "convert_from(:payload::bytea, 'UTF8')::jsonb"

  private static let answer = "RETURNING seq, aggregateversion"
  private static let skipping = "1 WHERE NOT EXISTS (\(sameID))"
  private static let failing = "1 / CASE WHEN EXISTS (\(sameID)) THEN 0 ELSE 1 END"

  private static let appendBytes = append(payload: bytes, first: skipping, answer: answer)
  private static let appendJSON = append(payload: json, first: skipping, answer: answer)
  private static let commitBytes = append(payload: bytes, first: failing, answer: "")
  private static let commitJSON = append(payload: json, first: failing, answer: "")

  /// Without bounds of its time the id would be looked for in every partition, those of the days to
  /// come too, which cost as much as a third of the whole append.
  private static let sameID = """
    SELECT FROM outbox WHERE id = :id::uuid
          AND part_at > statement_timestamp() - interval '1 day'
          AND part_at < statement_timestamp() + interval '1 hour'
    """

  /// The aggregate's row is locked before `seq` is drawn and stays locked until the end of the
  /// transaction: events of one aggregate become visible in the order of `seq`.
  ///
  /// - Parameter first: an aggregate's first version, and what is to be done about a used id.
  private static func append(payload: String, first: String, answer: String) -> NamedStatement {
    NamedStatement(
      """
      WITH numbered AS (
        INSERT INTO aggregate_version (aggregatetype, aggregateid, version)
        SELECT :aggregateType::varchar, :aggregateID::varchar, \(first)
        ON CONFLICT (aggregatetype, aggregateid)
          DO UPDATE SET version = aggregate_version.version + 1
        RETURNING version
      )
      INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, aggregateversion,
        occurred_at, headers, schema_version, tenant, tracingspancontext, payload_ref)
      SELECT :id::uuid, :aggregateType::varchar, :aggregateID::varchar, :type::varchar,
        \(payload), numbered.version, :occurredAt::bigint, :headers::jsonb, :schemaVersion::int,
        :tenant::varchar, :trace::text, :reference::text
      FROM numbered
      \(answer)
      """)
  }
}
