// SPDX-License-Identifier: Apache-2.0

/// The tables of sagas and of services that carry out their steps.
///
/// A saga that goes on has a `wake_at`; one that goes on and has no owner belongs to whoever takes
/// it. What comes in for it from outside waits in `saga_arrival` until its owner looks at it, so
/// that nobody else changes the saga's own rows.
enum SagaSchema {
  static let sqlite = SagaColumnTypes(
    integer: "INTEGER", long: "INTEGER", name: "TEXT",
    number: "INTEGER PRIMARY KEY AUTOINCREMENT", options: " STRICT, WITHOUT ROWID",
    changing: " STRICT, WITHOUT ROWID", numbered: " STRICT"
  ).tables

  /// Rows of sagas change a few times: half of each page stays free for their next versions.
  static let postgreSQL = SagaColumnTypes(
    integer: "int", long: "bigint", name: "varchar(255)",
    number: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", options: "",
    changing: " WITH (fillfactor = 50)", numbered: ""
  ).tables
}

/// How a database calls the types of columns, and what it says of a table.
private struct SagaColumnTypes {
  let integer: String
  let long: String
  let name: String
  let number: String
  let options: String
  let changing: String
  let numbered: String

  private var text: String { integer == "int" ? "text" : "TEXT" }

  var tables: [String] { sagas + [steps] + others }

  private var sagas: [String] {
    [
      """
      CREATE TABLE saga (
        id \(name) NOT NULL PRIMARY KEY,
        name \(name) NOT NULL,
        version \(integer) NOT NULL,
        shape \(text) NOT NULL,
        phase \(text) NOT NULL CHECK (phase IN ('active', 'stuck', 'completed', 'compensated')),
        direction \(text) NOT NULL CHECK (direction IN ('do', 'undo')),
        position \(integer) NOT NULL,
        context \(text) NOT NULL,
        begun_at \(long) NOT NULL,
        deadline \(long),
        wake_at \(long),
        ended_at \(long),
        failure \(text),
        fingerprint \(text) NOT NULL,
        trace \(text),
        owner \(name),
        epoch \(long),
        revision \(long) NOT NULL
      )\(changing)
      """,
      "CREATE INDEX saga_free ON saga (wake_at) WHERE owner IS NULL AND wake_at IS NOT NULL",
      "CREATE INDEX saga_owned ON saga (owner, wake_at) WHERE owner IS NOT NULL",
      "CREATE INDEX saga_phase ON saga (phase, begun_at)",
    ]
  }

  private var steps: String {
    """
    CREATE TABLE saga_step (
      saga_id \(name) NOT NULL,
      position \(integer) NOT NULL,
      direction \(text) NOT NULL CHECK (direction IN ('do', 'undo')),
      name \(name) NOT NULL,
      kind \(text) NOT NULL,
      state \(text) NOT NULL
        CHECK (state IN ('running', 'waiting', 'done', 'failed', 'unknown', 'stuck')),
      attempts \(integer) NOT NULL,
      crashes \(integer) NOT NULL,
      may_have_run \(integer) NOT NULL,
      begun_at \(long) NOT NULL,
      due_at \(long),
      ended_at \(long),
      failure \(text),
      PRIMARY KEY (saga_id, position, direction)
    )\(changing)
    """
  }

  private var others: [String] {
    [
      """
      CREATE TABLE saga_arrival (
        n \(number),
        saga_id \(name) NOT NULL,
        kind \(text) NOT NULL,
        step \(name),
        direction \(text),
        content \(text),
        arrived_at \(long) NOT NULL
      )\(numbered)
      """,
      "CREATE INDEX saga_arrival_saga ON saga_arrival (saga_id)",
      """
      CREATE TABLE saga_orchestrator (
        name \(name) NOT NULL PRIMARY KEY,
        epoch \(long) NOT NULL,
        lease_until \(long) NOT NULL
      )\(options)
      """,
      """
      CREATE TABLE saga_answer (
        saga_id \(name) NOT NULL,
        step \(name) NOT NULL,
        direction \(text) NOT NULL,
        outcome \(text) NOT NULL,
        content \(text) NOT NULL,
        answered_at \(long) NOT NULL,
        PRIMARY KEY (saga_id, step, direction)
      )\(options)
      """,
    ]
  }
}
