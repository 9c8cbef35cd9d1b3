// SPDX-License-Identifier: Apache-2.0

/// SQL of the inbox in PostgreSQL, where it is not SQLite's as well.
package enum PostgreSQLInboxStatements {
  /// One delivery of an aggregate at a time, over all processes of a consumer. The lock leaves no
  /// row behind, and its two numbers never meet locks of one number, which applications take.
  package static let lock = NamedStatement(
    """
    SELECT pg_advisory_xact_lock(\(0x5354_524d),
      hashtext(concat_ws(E'\\n', :consumer::text, :aggregateType::text, :aggregateID::text)))
    """)

  /// How far the aggregate is, and whether this version waits.
  package static let known = NamedStatement(
    """
    SELECT (\(InboxStatements.mark)),
      (\(InboxStatements.parked("state"))), (\(InboxStatements.parked("attempts")))
    """)

  /// Nothing waits for the disk: what is committed outlives the process all the same, which is all
  /// that a mark is for.
  package static let beginAttempt = NamedStatement(
    InboxStatements.beginAttempt + ", set_config('synchronous_commit', 'off', true)")

  /// No row when the id was seen before.
  package static let seen = NamedStatement(InboxStatements.seen + " RETURNING 1")

  /// Moves the mark and lets go of the event if it waited; says whether the next one waits.
  package static let applied = NamedStatement(
    """
    WITH marked AS (\(InboxStatements.setMark)), unparked AS (\(InboxStatements.unpark)),
      ended AS (\(InboxStatements.endAttempt))
    SELECT EXISTS (SELECT FROM inbox_parked
      WHERE consumer = :consumer AND aggregatetype = :aggregateType
        AND aggregateid = :aggregateID AND aggregateversion = :version::bigint + 1)
    """)

  package static let replay = NamedStatement(InboxStatements.replay + " RETURNING 1")

  /// By places in the table: a row of the inbox is not changed, so none of them moves meanwhile.
  package static let prune = NamedStatement(
    """
    WITH pruned AS (
      DELETE FROM inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox
        WHERE consumer = :consumer AND seen_at < :before::bigint LIMIT :limit::bigint))
      RETURNING 1)
    SELECT count(*) FROM pruned
    """)
}
