// SPDX-License-Identifier: Apache-2.0

/// How amounts read.
package enum ProgressText {
  /// `1,234`, and two decimals where there are any: `0.25`.
  package static func number(_ value: Double) -> String {
    let hundredths = Int64((min(abs(value), 1e15) * 100).rounded())
    let (whole, rest) = (hundredths / 100, hundredths % 100)
    var digits = ""
    for (index, digit) in String(whole).reversed().enumerated() {
      if index > 0, index.isMultiple(of: 3) { digits = "," + digits }
      digits = String(digit) + digits
    }
    if rest > 0 {
      digits += "." + (rest < 10 ? "0" : "") + (rest % 10 == 0 ? "\(rest / 10)" : "\(rest)")
    }
    return (value < 0 && hundredths > 0 ? "-" : "") + digits
  }

  /// `34.2 %`. What is a little is not shown as nothing, and what is nearly all not as all.
  package static func share(_ share: Double) -> String {
    let tenths = (share * 1_000).rounded()
    if share > 0, tenths < 1 { return "< 0.1 %" }
    if share < 1, tenths > 999 { return "> 99.9 %" }
    let whole = Int(tenths) / 10
    return Int(tenths) % 10 == 0 ? "\(whole) %" : "\(whole).\(Int(tenths) % 10) %"
  }

  /// A line of characters, `█` for what is extracted, `▒` for what is under way, `?` for what
  /// is not known, `░` for what is left. What there is at all has one, as far as there is room.
  package static func bar(_ count: ProgressCount, width: Int) -> String {
    guard count.total > 0, width > 0 else { return String(repeating: "?", count: max(0, width)) }
    let parts = [
      ("█", count.extracted), ("▒", count.underWay), ("?", count.unknown),
      ("░", count.legacy),
    ].filter { $0.1 > 0 }
    var cells = parts.map { max(1, Int(($0.1 / count.total * Double(width)).rounded(.down))) }
    while cells.reduce(0, +) > width, let most = cells.indices.max(by: { cells[$0] < cells[$1] }) {
      cells[most] -= 1
    }
    // What rounding left over goes to those that lost most by it.
    while cells.reduce(0, +) < width {
      let lost = cells.indices.max {
        parts[$0].1 / count.total * Double(width) - Double(cells[$0])
          < parts[$1].1 / count.total * Double(width) - Double(cells[$1])
      }
      guard let lost else { break }
      cells[lost] += 1
    }
    return zip(parts, cells).map { String(repeating: $0.0, count: $1) }.joined()
  }
}
