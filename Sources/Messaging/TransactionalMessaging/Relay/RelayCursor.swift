// SPDX-License-Identifier: Apache-2.0

/// How far a relay has come in the outbox.
///
/// Where sequences become visible in the order of commits, as in SQLite, a sequence says it all.
/// PostgreSQL gives sequences away before it is known who commits first, so a relay there goes from
/// one snapshot of the database to the next: what became visible in between is its window, read in
/// sequence order.
public struct RelayCursor: Sendable, Equatable {
  /// Beginnings and ends of windows, counted together; 0 where there are none. It grows with each,
  /// so that a later cursor is a greater one although a window may hold sequences far below those
  /// of the window before it.
  public var tick: Int64
  /// Last event within the window that is acknowledged, or whose aggregate is parked.
  public var sequence: Int64
  /// The window; nil where sequences alone say where a relay is.
  public var window: SnapshotWindow?

  /// Creates a cursor.
  public init(tick: Int64 = 0, sequence: Int64, window: SnapshotWindow? = nil) {
    self.tick = tick
    self.sequence = sequence
    self.window = window
  }
}

/// What became visible between two snapshots of a database.
public struct SnapshotWindow: Sendable, Equatable {
  /// Everything that this snapshot sees is done, as `pg_snapshot` writes it.
  public var previous: String
  /// The snapshot that the window ends with; nil before the window is begun.
  public var current: String?

  /// Creates a window.
  public init(previous: String, current: String? = nil) {
    self.previous = previous
    self.current = current
  }
}

extension RelayCursor: ExpressibleByIntegerLiteral {
  /// A sequence alone.
  public init(integerLiteral value: Int64) { self.init(sequence: value) }
}

extension RelayCursor: Comparable {
  /// Orders by windows, then by sequences within one.
  public static func < (left: RelayCursor, right: RelayCursor) -> Bool {
    (left.tick, left.sequence) < (right.tick, right.sequence)
  }
}

extension EventPage {
  /// Where a relay stands that has settled the page up to an event, having begun at `start`.
  package func cursor(after event: AppendedEvent, from start: RelayCursor) -> RelayCursor {
    let begins = start.window?.current == nil && window?.current != nil
    return RelayCursor(
      tick: begins ? start.tick + 1 : start.tick, sequence: event.sequence,
      window: window ?? start.window)
  }

  /// Where a relay stands that has settled all of the page, having begun at `start`.
  package func end(from start: RelayCursor) -> RelayCursor {
    end ?? events.last.map { cursor(after: $0, from: start) } ?? start
  }
}
