// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// SQL with which operators look at sagas and decide about them.
enum SagaOperations {
  private static let state = """
    CASE WHEN s.phase <> 'active' THEN s.phase
        WHEN s.direction = 'do' THEN 'running' ELSE 'compensating' END
    """

  /// Where a saga is, with the step that it is at.
  private static let summary = """
    s.id, s.name, s.version, \(state), s.direction, t.name, t.state, t.attempts, s.begun_at,
      s.ended_at, s.wake_at, s.owner, s.failure, s.fingerprint
    """

  private static let from = """
    FROM saga s LEFT JOIN saga_step t ON t.saga_id = s.id AND t.position = s.position
      AND t.direction = s.direction
    """

  static func list(_ dialect: OperatorDialect) -> NamedStatement {
    let states =
      dialect == .sqlite
      ? "SELECT value FROM json_each(:states)"
      : "SELECT jsonb_array_elements_text(CAST(:states AS jsonb))"
    return NamedStatement(
      """
      SELECT \(summary) \(from)
      WHERE \(state) IN (\(states))
        AND (CAST(:saga AS TEXT) IS NULL OR s.name = CAST(:saga AS TEXT))
        AND (CAST(:fingerprint AS TEXT) IS NULL OR s.fingerprint = CAST(:fingerprint AS TEXT))
      ORDER BY s.begun_at DESC, s.id LIMIT CAST(:most AS BIGINT)
      """)
  }

  /// The saga, its steps, what operators decided, and how much has come in.
  static let show = [
    NamedStatement(
      "SELECT \(summary), s.context, s.deadline, s.revision \(from) WHERE s.id = :id"),
    NamedStatement(
      """
      SELECT name, direction, kind, state, attempts, may_have_run, begun_at, due_at, ended_at,
        failure
      FROM saga_step WHERE saga_id = :id
      ORDER BY direction, CASE WHEN direction = 'do' THEN position ELSE -position END
      """),
    NamedStatement(
      """
      SELECT at, actor, action, reason FROM messaging_audit
      WHERE aggregatetype = 'saga' AND aggregateid = :id ORDER BY n
      """),
    NamedStatement("SELECT COUNT(*) FROM saga_arrival WHERE saga_id = :id"),
  ]

  /// Writes down who decided before anything else, and nothing where the saga went on meanwhile.
  static let decide = [
    NamedStatement(
      """
      INSERT INTO messaging_audit (at, actor, action, reason, aggregatetype, aggregateid, position,
        attempts, last_error)
      SELECT CAST(:now AS BIGINT), CAST(:actor AS TEXT), CAST(:order AS TEXT),
        CAST(:reason AS TEXT), 'saga', s.id, s.position, COALESCE(t.attempts, 0),
        COALESCE(s.failure, '')
      \(from) WHERE s.id = :id AND s.revision = CAST(:revision AS BIGINT)
      RETURNING n
      """),
    NamedStatement(
      """
      INSERT INTO saga_arrival (saga_id, kind, content, arrived_at)
      SELECT id, 'order', CAST(:order AS TEXT), CAST(:now AS BIGINT)
      FROM saga WHERE id = :id AND revision = CAST(:revision AS BIGINT)
        AND phase IN ('active', 'stuck')
      """),
    NamedStatement(
      """
      UPDATE saga SET wake_at = CAST(:now AS BIGINT)
      WHERE id = :id AND phase = 'stuck' AND owner IS NULL
      """),
  ]

  private static let ended = """
    FROM saga WHERE phase IN ('completed', 'compensated') AND ended_at < CAST(:before AS BIGINT)
    """

  static let countEnded = NamedStatement("SELECT COUNT(*) \(ended)")

  /// Some that ended before a time, what is kept of them first; the last statement says which.
  static let prune: [NamedStatement] = {
    let some = "SELECT id \(ended) ORDER BY ended_at, id LIMIT CAST(:most AS BIGINT)"
    let parts = ["saga_step", "saga_arrival"].map { table in
      NamedStatement("DELETE FROM \(table) WHERE saga_id IN (\(some))")
    }
    return parts + [NamedStatement("DELETE FROM saga WHERE id IN (\(some)) RETURNING id")]
  }()
}
