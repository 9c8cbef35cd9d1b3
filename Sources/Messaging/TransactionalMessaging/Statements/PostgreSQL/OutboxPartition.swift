// SPDX-License-Identifier: Apache-2.0

/// A partition of the outbox in PostgreSQL: a whole day or hour, UTC.
package struct OutboxPartition: Sendable, Equatable {
  /// Partitions that are made ahead of time.
  package static let ahead = 7
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
    _ count: Int = OutboxPartition.ahead, from time: Int64,
    _ width: PostgreSQLOutboxLayout.Partition
  ) -> [OutboxPartition] {
    (0...Int64(count)).map {
      OutboxPartition(holding: time + $0 * length(width) * 1_000, width)
    }
  }

  private static func length(_ width: PostgreSQLOutboxLayout.Partition) -> Int64 {
    width == .day ? secondsPerDay : 3_600
  }

  /// Name of the table, such as `outbox_p20261126`, with the hour behind it where that is the
  /// width.
  package var table: String {
    let (year, month, day, hour) = Self.date(start)
    let date = "outbox_p\(year)\(Self.twoDigits(month))\(Self.twoDigits(day))"
    return width == .day ? date : date + Self.twoDigits(hour)
  }

  /// The bounds, as PostgreSQL reads them.
  package var bounds: String {
    "FROM ('\(Self.text(start))') TO ('\(Self.text(start + Self.length(width)))')"
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
    let (year, month, day, hour) = date(seconds)
    return "\(year)-\(twoDigits(month))-\(twoDigits(day)) \(twoDigits(hour)):00:00+00"
  }

  private static func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }

  /// Days to a date of the Gregorian calendar, by eras of 400 years that begin in March
  /// (https://howardhinnant.github.io/date_algorithms.html, `civil_from_days`).
  private static func date(_ seconds: Int64) -> (Int64, Int64, Int64, Int64) {
    let days = seconds / secondsPerDay + 719_468
    let era = days / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, day, seconds % secondsPerDay / 3_600)
  }
}
