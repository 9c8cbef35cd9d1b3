// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// Durations as targets write them.
enum ExportTime {
  /// At least one: 0 would mean none.
  static func milliseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }

  /// `1h30m`, as Gateway API writes it: whole numbers of at most five digits.
  static func units(_ duration: Duration) -> String {
    let units: [(Int64, String)] = [(3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")]
    var rest = min(milliseconds(duration), 99_999 * 3_600_000)
    var text = ""
    for (size, unit) in units where rest >= size {
      text += "\(rest / size)\(unit)"
      rest %= size
    }
    return text
  }

  /// `1.5s`, as Envoy writes it.
  static func seconds(_ duration: Duration) -> String {
    let (whole, rest) = milliseconds(duration).quotientAndRemainder(dividingBy: 1000)
    if rest == 0 { return "\(whole)s" }
    return "\(whole)." + String(String(1000 + rest).dropFirst()) + "s"
  }
}
