// SPDX-License-Identifier: Apache-2.0

/// A time in which nothing is promoted. All times are UTC: a window that moved with daylight
/// saving would be another one on each replica whose time zone data differ.
public enum FreezeWindow: Sendable, Equatable, Codable {
  /// On each of these days from one minute of the day up to another.
  case weekly(days: [Weekday], minutes: Range<Int>)
  /// Once, in seconds since 1970.
  case once(Range<Int64>)

  /// A day of the week.
  public enum Weekday: String, Sendable, Hashable, CaseIterable, Codable {
    // 1 January 1970 was a Thursday.
    case thu, fri, sat, sun, mon, tue, wed
  }

  /// Minutes of a day.
  public static let minutesPerDay = 1_440

  /// Whether a moment lies in it.
  ///
  /// - Parameter time: seconds since 1970, UTC, without leap seconds.
  public func contains(_ time: Int64) -> Bool {
    switch self {
    case .once(let span): return span.contains(time)
    case .weekly(let days, let minutes):
      let secondsPerDay: Int64 = 86_400
      let second = (time % secondsPerDay + secondsPerDay) % secondsPerDay
      let day = (time - second) / secondsPerDay
      let weekday = Weekday.allCases[Int((day % 7 + 7) % 7)]
      return days.contains(weekday) && minutes.contains(Int(second / 60))
    }
  }
}
