// SPDX-License-Identifier: Apache-2.0

/// Times as configuration files write them.
enum CalendarTime {
  /// Minute of the day of `16:00`, up to `24:00`.
  static func minute(_ text: some StringProtocol) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let hour = number(parts[0], digits: 2),
      let minute = number(parts[1], digits: 2), minute < 60,
      hour < 24 || (hour == 24 && minute == 0)
    else { return nil }
    return hour * 60 + minute
  }

  /// Seconds since 1970 of `2026-12-20T08:00Z`.
  static func seconds(_ text: String) -> Int64? {
    guard text.hasSuffix("Z") else { return nil }
    let parts = text.dropLast().split(separator: "T", omittingEmptySubsequences: false)
    guard parts.count == 2, let minute = minute(parts[1]) else { return nil }
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, let year = number(date[0], digits: 4), year >= 1970,
      let month = number(date[1], digits: 2), (1...12).contains(month),
      let day = number(date[2], digits: 2), day >= 1, day <= length(ofMonth: month, in: year)
    else { return nil }
    var days = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) } + day - 1
    for earlier in 1..<month { days += length(ofMonth: earlier, in: year) }
    return Int64(days) * 86_400 + Int64(minute) * 60
  }

  private static func number(_ text: some StringProtocol, digits: Int) -> Int? {
    let isNumber =
      text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return isNumber ? Int(text) : nil
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func length(ofMonth month: Int, in year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
