// SPDX-License-Identifier: Apache-2.0

/// How a time is written as a text: one text for each time, so that nothing is lost on the way
/// back.
package struct TimeText: Sendable, Hashable {
  /// What stands between and behind.
  package enum Form: String, Sendable, CaseIterable {
    /// `2024-02-29 12:30:00.000`, as SQL and GRDB write it.
    case sql
    /// `2024-02-29T12:30:00.000Z`.
    case iso
  }

  /// The smallest step.
  package enum Unit: String, Sendable, CaseIterable {
    case seconds, milliseconds, microseconds

    /// Digits behind the point of a second.
    package var digits: Int {
      switch self {
      case .seconds: 0
      case .milliseconds: 3
      case .microseconds: 6
      }
    }

    /// Microseconds in it.
    package var microseconds: Int64 {
      switch self {
      case .seconds: 1_000_000
      case .milliseconds: 1_000
      case .microseconds: 1
      }
    }
  }

  /// Microseconds of the years 1 to 9999.
  package static let range: Range<Int64> = -62_135_596_800_000_000..<253_402_300_800_000_000
  private static let microsecondsOfDay: Int64 = 86_400_000_000

  package let form: Form
  package let unit: Unit

  package init(form: Form, unit: Unit) {
    self.form = form
    self.unit = unit
  }

  /// An example, for messages.
  package var example: String { text(of: 1_709_209_800_000_000) ?? "" }

  /// Nil for a time that this does not write.
  package func text(of microseconds: Int64) -> String? {
    guard Self.range.contains(microseconds), microseconds % unit.microseconds == 0 else {
      return nil
    }
    let (days, time) = Self.divided(microseconds, by: Self.microsecondsOfDay)
    let (year, month, day) = Self.date(ofDay: days)
    let seconds = time / 1_000_000
    let fraction = Self.padded(time % 1_000_000, 6).prefix(unit.digits)
    return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2)
      + (form == .iso ? "T" : " ") + Self.padded(seconds / 3_600, 2) + ":"
      + Self.padded(seconds / 60 % 60, 2) + ":" + Self.padded(seconds % 60, 2)
      + (fraction.isEmpty ? "" : "." + fraction) + (form == .iso ? "Z" : "")
  }

  /// Nil for anything that `text(of:)` would not have written.
  package func microseconds(of text: String) -> Int64? {
    let numbers = text.split { !("0"..."9").contains($0) }.compactMap { Int64($0) }
    guard numbers.count >= 6, numbers.count <= 7 else { return nil }
    let factors: [Int64] = [3_600_000_000, 60_000_000, 1_000_000, unit.microseconds]
    guard numbers.dropFirst(3).allSatisfy({ $0 < 1_000_000 }), numbers[0] <= 9_999,
      (1...12).contains(numbers[1]), (1...31).contains(numbers[2])
    else { return nil }
    let days = Self.day(ofYear: numbers[0], month: numbers[1], day: numbers[2])
    let time = zip(numbers.dropFirst(3), factors).reduce(0) { $0 + $1.0 * $1.1 }
    let microseconds = days * Self.microsecondsOfDay + time
    return self.text(of: microseconds).map { $0.utf8.elementsEqual(text.utf8) } == true
      ? microseconds : nil
  }

  /// Whether a text is a day such as `2024-02-29`.
  package static func isDate(_ text: String) -> Bool {
    TimeText(form: .sql, unit: .seconds).microseconds(of: text + " 00:00:00") != nil
  }

  private static func divided(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
    let rest = (number % divisor + divisor) % divisor
    return ((number - rest) / divisor, rest)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Days since 1970, in years that begin in March.
  private static func day(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = divided(shifted, by: 400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = divided(days + 719_468, by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }
}
