// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// SQL of sagas that both stores share, with the casts that PostgreSQL needs left out where its
/// columns say the type.
package enum SagaStatements {
  /// Columns of a saga in the order in which `SagaRows` reads them.
  package static func columns(_ table: String) -> String {
    [
      "id", "name", "version", "shape", "phase", "direction", "position", "context", "begun_at",
      "deadline", "wake_at", "ended_at", "failure", "trace", "revision",
    ].map { "\(table).\($0)" }.joined(separator: ", ")
  }

  /// Columns of a step in the order in which `SagaRows` reads them.
  package static let stepColumns = """
    saga_id, position, direction, name, kind, state, attempts, crashes, may_have_run, begun_at,
      due_at, ended_at, failure
    """

  package static let begin = """
    INSERT INTO saga (id, name, version, shape, phase, direction, position, context, begun_at,
      deadline, wake_at, fingerprint, trace, revision)
    VALUES (:id, :name, :version, :shape, 'active', 'do', 0, :context, :begunAt,
      :deadline, :begunAt, '', :trace, 1)
    ON CONFLICT (id) DO NOTHING
    RETURNING 1
    """

  /// Takes the name, whoever had it: a process that starts again must not wait for the lease of
  /// the one before.
  package static let acquire = """
    INSERT INTO saga_orchestrator (name, epoch, lease_until) VALUES (:owner, 1, :until)
    ON CONFLICT (name) DO UPDATE
      SET epoch = saga_orchestrator.epoch + 1, lease_until = :until
    RETURNING epoch
    """

  /// Takes the name again that nobody has taken since.
  package static let reacquire = """
    UPDATE saga_orchestrator SET epoch = epoch + 1, lease_until = :until
    WHERE name = :owner AND epoch = :epoch
    RETURNING epoch
    """

  package static let renew = """
    UPDATE saga_orchestrator SET lease_until = :until WHERE name = :owner AND epoch = :epoch
    RETURNING 1
    """

  /// An answer to a command, where its saga has not ended.
  package static let arrive = """
    INSERT INTO saga_arrival (saga_id, kind, step, direction, content, arrived_at)
    SELECT id, CAST(:kind AS TEXT), CAST(:step AS TEXT), CAST(:direction AS TEXT),
      CAST(:content AS TEXT), CAST(:now AS BIGINT)
    FROM saga WHERE id = :id AND phase IN ('active', 'stuck')
    """

  /// A saga that is stuck belongs to nobody: what comes in for it makes it go to whoever is there.
  package static let wakeStuck = """
    UPDATE saga SET wake_at = :now WHERE id = :id AND phase = 'stuck' AND owner IS NULL
    """

  /// Sagas that ended before a time, at most `:limit`.
  package static let ended = """
    SELECT id FROM saga WHERE phase IN ('completed', 'compensated') AND ended_at < :before
    ORDER BY ended_at LIMIT :limit
    """

  /// Orchestrators that were not here since a time, and have nothing: names may be those of hosts
  /// that are no more.
  package static let forgetOrchestrators = """
    DELETE FROM saga_orchestrator WHERE lease_until < CAST(:before AS BIGINT) AND NOT EXISTS (
      SELECT 1 FROM saga WHERE saga.owner = saga_orchestrator.name)
    """

  // MARK: - For services that carry out steps

  package static let answers = """
    SELECT direction, outcome, content FROM saga_answer WHERE saga_id = :id AND step = :step
    """

  package static let keepAnswer = """
    INSERT INTO saga_answer (saga_id, step, direction, outcome, content, answered_at)
    VALUES (:id, :step, :direction, :outcome, :content, :now)
    """
}

/// Sagas and steps as statements bind them.
extension SagaRecord {
  package var values: [String: SQLParameter] {
    [
      "id": .text(id), "name": .text(identity.name), "version": .integer(Int64(identity.version)),
      "shape": .text(identity.shape), "phase": .text(phase.rawValue),
      "direction": .text(place.direction.rawValue), "position": .integer(Int64(place.position)),
      "context": .text(context), "begunAt": .integer(begunAt), "deadline": SQLParameter(deadline),
      "wakeAt": SQLParameter(wakeAt), "endedAt": SQLParameter(endedAt),
      "failure": SQLParameter(failure), "fingerprint": .text(fingerprint),
      "trace": SQLParameter(trace), "revision": .integer(revision),
    ]
  }
}

extension SagaStepRecord {
  package func values(of saga: String) -> [String: SQLParameter] {
    [
      "id": .text(saga), "position": .integer(Int64(place.position)),
      "direction": .text(place.direction.rawValue), "name": .text(name),
      "kind": .text(kind.rawValue), "state": .text(state.rawValue),
      "attempts": .integer(Int64(attempts)), "crashes": .integer(Int64(crashes)),
      "mayHaveRun": .integer(mayHaveRun ? 1 : 0), "begunAt": .integer(begunAt),
      "dueAt": SQLParameter(dueAt), "endedAt": SQLParameter(endedAt),
      "failure": SQLParameter(failure),
    ]
  }
}

extension SQLParameter {
  init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }
}
