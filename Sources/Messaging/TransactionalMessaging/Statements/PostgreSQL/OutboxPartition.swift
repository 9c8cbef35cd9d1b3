// SPDX-License-Identifier: Apache-2.0

/// A partition of the outbox in PostgreSQL: a whole day or hour, UTC.
package struct OutboxPartition: Sendable, Equatable {
  /// Partitions that are made ahead of time: two days of hours, a week of days, so that a weekend
  /// without anybody who makes them does no harm.
  package static func ahead(_ width: PostgreSQLOutboxLayout.Partition) -> Int {
    width == .day ? 7 : 48
  }

  private static let secondsPerDay: Int64 = 86_400

  private let start: Int64
  private let width: PostgreSQLOutboxLayout.Partition

  /// The partition that holds a time (milliseconds since 1970).
  package init(holding time: Int64, _ width: PostgreSQLOutboxLayout.Partition) {
    let seconds = Int64((Double(time) / 1_000).rounded(.down))
    let length = Self.length(width)
    start = seconds - ((seconds % length) + length) % length
    self.width = width
  }

  /// The one that holds a time and those after it.
  package static func next(
    from time: Int64, _ width: PostgreSQLOutboxLayout.Partition
  ) -> [OutboxPartition] {
    (0...Int64(ahead(width))).map {
      OutboxPartition(holding: time + $0 * length(width) * 1_000, width)
    }
  }

  private static func length(_ width: PostgreSQLOutboxLayout.Partition) -> Int64 {
    width == .day ? secondsPerDay : 3_600
  }

  /// Name of the table, such as `outbox_p20261126`, with the hour behind it where that is the
  /// width.
  package var table: String {
    let time = CivilTime(secondsSince1970: start)
    let parts = width == .day ? [time.month, time.day] : [time.month, time.day, time.hour]
    return "outbox_p\(time.year)" + parts.map(CivilTime.twoDigits).joined()
  }

  /// The bounds, as PostgreSQL reads them.
  package var bounds: String {
    "FROM ('\(Self.text(start))') TO ('\(Self.text(start + Self.length(width)))')"
  }

  /// Finds a row of its time in the default partition: then it cannot join any more.
  package var occupied: String {
    """
    SELECT 1 FROM outbox_default WHERE part_at >= '\(Self.text(start))'
      AND part_at < '\(Self.text(start + Self.length(width)))' LIMIT 1
    """
  }

  /// Makes it beside the outbox and then joins it: while a partition is made as part of the table,
  /// nobody could append.
  package var statements: [String] {
    [
      """
      CREATE TABLE \(table)
        (LIKE outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)
      """,
      "ALTER TABLE outbox ATTACH PARTITION \(table) FOR VALUES \(bounds)",
    ]
  }

  private static func text(_ seconds: Int64) -> String {
    let time = CivilTime(secondsSince1970: seconds)
    let date = [time.year, time.month, time.day].map(CivilTime.twoDigits).joined(separator: "-")
    return "\(date) \(CivilTime.twoDigits(time.hour)):00:00+00"
  }
}
