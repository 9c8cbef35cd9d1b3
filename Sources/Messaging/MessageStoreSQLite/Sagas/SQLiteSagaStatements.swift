// SPDX-License-Identifier: Apache-2.0

import SagaModel

/// SQL of sagas in SQLite; `:name` marks arguments, lists come as JSON.
enum SQLiteSagaStatements {
  private static let columns = SagaStatements.columns("saga")

  private static let isKnown = """
    EXISTS (
        SELECT 1 FROM json_each(:known) AS known
        WHERE json_extract(known.value, '$[0]') = saga.name
          AND CAST(json_extract(known.value, '$[1]') AS INTEGER) = saga.version
          AND json_extract(known.value, '$[2]') = saga.shape)
    """

  /// What belongs to nobody.
  static let claimFree = """
    UPDATE saga SET owner = :owner, epoch = :epoch
    WHERE id IN (
      SELECT id FROM saga WHERE owner IS NULL AND wake_at IS NOT NULL AND \(isKnown)
      ORDER BY wake_at LIMIT :limit)
    RETURNING \(columns)
    """

  /// What belongs to an orchestrator that is no more, or to a former process of one.
  static let claimOrphans = """
    UPDATE saga SET owner = :owner, epoch = :epoch
    WHERE id IN (
      SELECT id FROM saga WHERE owner IS NOT NULL AND \(isKnown) AND NOT EXISTS (
        SELECT 1 FROM saga_orchestrator o
        WHERE o.name = saga.owner AND o.epoch = saga.epoch AND o.lease_until > :now)
      ORDER BY wake_at LIMIT :limit)
    RETURNING \(columns)
    """

  static let due = """
    SELECT \(columns) FROM saga
    WHERE owner = :owner AND epoch = :epoch AND id IN (
      SELECT saga_id FROM saga_arrival
      UNION SELECT id FROM saga WHERE owner = :owner AND wake_at <= :now)
    ORDER BY wake_at LIMIT :limit
    """

  static let load = """
    SELECT \(columns) FROM saga
    WHERE owner = :owner AND epoch = :epoch AND id IN (SELECT value FROM json_each(:ids))
    """

  static let steps = """
    SELECT \(SagaStatements.stepColumns) FROM saga_step
    WHERE saga_id IN (SELECT value FROM json_each(:ids))
    """

  static let arrivals = """
    SELECT n, saga_id, kind, step, direction, content FROM saga_arrival
    WHERE saga_id IN (SELECT value FROM json_each(:ids)) ORDER BY n
    """

  static let hold = """
    SELECT 1 FROM saga
    WHERE id = :id AND revision = :revision AND owner = :owner AND epoch = :epoch
    """

  /// What does not go on belongs to nobody.
  static let save = """
    UPDATE saga SET phase = :phase, direction = :direction, position = :position,
      context = :context, wake_at = :wakeAt, ended_at = :endedAt, failure = :failure,
      fingerprint = :fingerprint, revision = :revision,
      owner = CASE WHEN :phase = 'active' THEN owner END
    WHERE id = :id
    """

  static let saveStep = """
    INSERT INTO saga_step (\(SagaStatements.stepColumns))
    VALUES (:id, :position, :direction, :name, :kind, :state, :attempts, :crashes, :mayHaveRun,
      :begunAt, :dueAt, :endedAt, :failure)
    ON CONFLICT (saga_id, position, direction) DO UPDATE
      SET state = :state, attempts = :attempts, crashes = :crashes, may_have_run = :mayHaveRun,
        due_at = :dueAt, ended_at = :endedAt, failure = :failure
    """

  static let settle = "DELETE FROM saga_arrival WHERE n = :n"

  static let settleAll = "DELETE FROM saga_arrival WHERE saga_id = :id"

  static let unknown = """
    SELECT name, version, shape, COUNT(*) FROM saga
    WHERE wake_at IS NOT NULL AND NOT \(isKnown)
    GROUP BY name, version, shape ORDER BY name, version, shape
    """

  static let prune = [
    "DELETE FROM saga_step WHERE saga_id IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM saga_arrival WHERE saga_id IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM saga WHERE id IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM saga_answer WHERE answered_at < :before", SagaStatements.forgetOrchestrators,
  ]
}
