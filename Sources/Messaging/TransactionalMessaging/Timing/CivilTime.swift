// SPDX-License-Identifier: Apache-2.0

/// A moment in the Gregorian calendar, UTC.
struct CivilTime: Equatable {
  private static let secondsPerDay: Int64 = 86_400

  let year: Int64
  let month: Int64
  let day: Int64
  let hour: Int64
  let minute: Int64
  let second: Int64

  /// The moment that many seconds after 1970-01-01T00:00:00Z, by eras of 400 years that begin in
  /// March (https://howardhinnant.github.io/date_algorithms.html, `civil_from_days`).
  init(secondsSince1970 seconds: Int64) {
    let second = Self.modulo(seconds, Self.secondsPerDay)
    let days = (seconds - second) / Self.secondsPerDay + 719_468
    let dayOfEra = Self.modulo(days, 146_097)
    let era = (days - dayOfEra) / 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shifted + 2) / 5 + 1
    month = shifted < 10 ? shifted + 3 : shifted - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = second / 3_600
    minute = second % 3_600 / 60
    self.second = second % 60
  }

  /// A number with at least two digits.
  static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func modulo(_ number: Int64, _ divisor: Int64) -> Int64 {
    let rest = number % divisor
    return rest < 0 ? rest + divisor : rest
  }
}

extension CivilTime {
  /// Milliseconds since 1970 as RFC 3339 writes them, such as `2026-11-26T08:00:00.250Z`.
  static func text(milliseconds: Int64) -> String {
    let fraction = modulo(milliseconds, 1_000)
    let time = CivilTime(secondsSince1970: (milliseconds - fraction) / 1_000)
    let year = String(repeating: "0", count: max(0, 4 - "\(time.year)".count)) + "\(time.year)"
    let date = "\(year)-\(twoDigits(time.month))-\(twoDigits(time.day))"
    let clock = [time.hour, time.minute, time.second].map(twoDigits).joined(separator: ":")
    let digits = String("\(1_000 + fraction)".dropFirst())
    return "\(date)T\(clock).\(digits)Z"
  }
}
