// SPDX-License-Identifier: Apache-2.0

/// What SQLite and PostgreSQL read alike of what an operator does to a relay.
package enum RelayOperations {
  /// Sequence of the first event of an aggregate in `parked` that waits. Where one was given up,
  /// the next may be far behind it.
  static let firstWaiting = """
    COALESCE((
        SELECT MIN(o.seq) FROM outbox o WHERE o.aggregatetype = parked.aggregatetype
          AND o.aggregateid = parked.aggregateid AND o.seq >= parked.first_seq), parked.first_seq)
    """

  /// Nobody may be at it.
  private static let isFree = """
    r.relay = :relay AND (r.owner IS NULL OR r.lease_until <= CAST(:now AS BIGINT))
    """

  /// Writes down who gives a relay up, which tells whether anything happens; then gives up what it
  /// has parked, and where it stands.
  static let forgetting = [
    NamedStatement(
      """
      INSERT INTO messaging_audit (at, actor, action, reason, relay, aggregatetype, aggregateid,
        position, attempts, last_error)
      SELECT CAST(:now AS BIGINT), CAST(:actor AS TEXT), 'forget', CAST(:reason AS TEXT), r.relay,
        '', '', r.done_seq, 0, ''
      FROM relay_shard r WHERE \(isFree)
      RETURNING n
      """),
    NamedStatement(
      """
      DELETE FROM parked
      WHERE relay = :relay AND EXISTS (SELECT 1 FROM relay_shard r WHERE \(isFree))
      """),
    NamedStatement(
      """
      DELETE FROM relay_shard
      WHERE relay = :relay AND EXISTS (SELECT 1 FROM relay_shard r WHERE \(isFree))
      """),
  ]
}
