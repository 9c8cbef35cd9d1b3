// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import SagaModel
  import TransactionalMessaging

  /// SQL of sagas in PostgreSQL. Lists come as JSON, so that what a group of sagas comes to is one
  /// statement.
  enum PostgreSQLSagaStatements {
    private static let columns = SagaStatements.columns("saga")

    private static let isKnown = """
      EXISTS (
          SELECT 1 FROM jsonb_array_elements(:known::jsonb) AS known
          WHERE known->>0 = saga.name AND (known->>1)::int = saga.version
            AND known->>2 = saga.shape)
      """

    private static func claim(_ chosen: String) -> NamedStatement {
      NamedStatement(
        """
        UPDATE saga SET owner = :owner, epoch = :epoch
        FROM (
          \(chosen) AND \(isKnown)
          ORDER BY wake_at LIMIT :limit::bigint FOR UPDATE OF saga SKIP LOCKED
        ) AS chosen
        WHERE saga.id = chosen.id
        RETURNING \(columns)
        """)
    }

    /// What belongs to nobody.
    static let claimFree = claim(
      "SELECT saga.id FROM saga WHERE owner IS NULL AND wake_at IS NOT NULL")

    /// What belongs to an orchestrator that is no more, or to a former process of one.
    static let claimOrphans = claim(
      """
      SELECT saga.id FROM saga WHERE owner IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM saga_orchestrator o
          WHERE o.name = saga.owner AND o.epoch = saga.epoch AND o.lease_until > :now::bigint)
      """)

    static let due = NamedStatement(
      """
      SELECT \(columns) FROM saga
      WHERE owner = :owner::varchar AND epoch = :epoch::bigint AND id IN (
        SELECT saga_id FROM saga_arrival
        UNION SELECT id FROM saga WHERE owner = :owner::varchar AND wake_at <= :now::bigint)
      ORDER BY wake_at LIMIT :limit::bigint
      """)

    static let load = NamedStatement(
      """
      SELECT \(columns) FROM saga WHERE owner = :owner::varchar AND epoch = :epoch::bigint
        AND id IN (SELECT jsonb_array_elements_text(:ids::jsonb))
      """)

    static let steps = NamedStatement(
      """
      SELECT \(SagaStatements.stepColumns) FROM saga_step
      WHERE saga_id IN (SELECT jsonb_array_elements_text(:ids::jsonb))
      """)

    static let arrivals = NamedStatement(
      """
      SELECT n, saga_id, kind, step, direction, content FROM saga_arrival
      WHERE saga_id IN (SELECT jsonb_array_elements_text(:ids::jsonb)) ORDER BY n
      """)

    /// The sagas of a group that are what they were, and stay so until the transaction ends.
    static let hold = NamedStatement(
      """
      SELECT saga.id FROM saga
      JOIN jsonb_to_recordset(:held::jsonb) AS h (id text, revision bigint)
        ON h.id = saga.id AND h.revision = saga.revision
      WHERE saga.owner = :owner::varchar AND saga.epoch = :epoch::bigint
      ORDER BY saga.id FOR UPDATE OF saga
      """)

    /// What a group comes to. What does not go on belongs to nobody, and of what has ended nothing
    /// is kept that came in.
    static let save = NamedStatement(
      """
      WITH changed AS (
        UPDATE saga SET phase = s.phase, direction = s.direction, position = s.position,
          context = s.context, wake_at = s."wakeAt", ended_at = s."endedAt", failure = s.failure,
          fingerprint = s.fingerprint, revision = s.revision,
          owner = CASE WHEN s.phase = 'active' THEN saga.owner END
        FROM jsonb_to_recordset(:sagas::jsonb) AS s (id text, phase text, direction text,
          position int, context text, "wakeAt" bigint, "endedAt" bigint, failure text,
          fingerprint text, revision bigint)
        WHERE saga.id = s.id
      ), steps AS (
        INSERT INTO saga_step (\(SagaStatements.stepColumns))
        SELECT t.id, t.position, t.direction, t.name, t.kind, t.state, t.attempts, t.crashes,
          t."mayHaveRun", t."begunAt", t."dueAt", t."endedAt", t.failure
        FROM jsonb_to_recordset(:steps::jsonb) AS t (id text, position int, direction text,
          name text, kind text, state text, attempts int, crashes int, "mayHaveRun" int,
          "begunAt" bigint, "dueAt" bigint, "endedAt" bigint, failure text)
        ON CONFLICT (saga_id, position, direction) DO UPDATE
          SET state = EXCLUDED.state, attempts = EXCLUDED.attempts, crashes = EXCLUDED.crashes,
            may_have_run = EXCLUDED.may_have_run, due_at = EXCLUDED.due_at,
            ended_at = EXCLUDED.ended_at, failure = EXCLUDED.failure
      )
      DELETE FROM saga_arrival
      WHERE n IN (SELECT jsonb_array_elements_text(:settled::jsonb)::bigint)
        OR saga_id IN (SELECT jsonb_array_elements_text(:ended::jsonb))
      """)

    static let unknown = NamedStatement(
      """
      SELECT name, version, shape, count(*) FROM saga
      WHERE wake_at IS NOT NULL AND NOT \(isKnown)
      GROUP BY name, version, shape ORDER BY name, version, shape
      """)

    static let prune = [
      "DELETE FROM saga_step WHERE saga_id IN (SELECT jsonb_array_elements_text(:ids::jsonb))",
      "DELETE FROM saga_arrival WHERE saga_id IN (SELECT jsonb_array_elements_text(:ids::jsonb))",
      "DELETE FROM saga WHERE id IN (SELECT jsonb_array_elements_text(:ids::jsonb))",
      "DELETE FROM saga_answer WHERE answered_at < :before::bigint",
      SagaStatements.forgetOrchestrators,
    ].map(NamedStatement.init)
  }
#endif
