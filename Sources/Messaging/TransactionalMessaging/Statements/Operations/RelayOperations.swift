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
}
