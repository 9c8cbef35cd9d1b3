// SPDX-License-Identifier: Apache-2.0

/// Conditions that find the rows a conversion may refuse. They may find a row too many, which is
/// then let off; where no condition finds all of them, rows can only be sampled.
extension SQLText {
  /// Which rows may be suspects, as far as SQL can tell.
  enum Suspects: Sendable, Hashable {
    /// None can.
    case none
    case condition(String)
    /// Nothing that SQL can tell.
    case unknown

    static func any(_ conditions: [String?]) -> Suspects {
      let known = conditions.compactMap(\.self)
      return known.isEmpty ? .none : .condition(known.joined(separator: " OR "))
    }
  }

  private static let datePattern =
    "[0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|"
    + "(0[13578]|1[02])-31)"
  private static let timePattern = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

  func suspects(_ conversion: Conversion, _ column: String) -> Suspects {
    if conversion.isTotal { return .none }
    let name = "t.\(name(column))"
    // A text that is made may be too long, and a time too fine: rare, and left to samples.
    if case .text(_?) = conversion.to, conversion.operation != .same { return .unknown }
    if case .timestamp(_, let digits) = conversion.to, digits < conversion.operation.timeDigits {
      return .unknown
    }
    switch conversion.operation {
    case .same: return limits(conversion.from, conversion.to, name)
    case .integerToDecimal(let scale):
      return decimals(conversion.to, name, shiftedBy: -scale)
    case .decimalToInteger(let scale):
      let range = ColumnType.range(bits: bits(conversion.to))
      return .any([
        "\(name) <> round(\(name), \(scale))",
        "abs(\(name)) >= \(range.upperBound / 10)0.0\(scaled(scale))", notANumber(name),
      ])
    case .realToDecimal: return realsToDecimal(conversion.to, name)
    case .integerToBoolean: return .condition("\(name) NOT IN (0, 1)")
    case .textToBoolean: return .condition("\(name) NOT IN ('true', 'false')")
    case .textToInteger: return integersInTexts(conversion.to, name)
    case .textToDecimal: return decimalsInTexts(conversion.to, name)
    case .textToTime(let form): return timesInTexts(form, name)
    case .integerToTime(let unit):
      let low = TimeText.range.lowerBound / unit.microseconds
      let high = (TimeText.range.upperBound - 1) / unit.microseconds
      return .condition("\(name) NOT BETWEEN \(low) AND \(high)")
    case .timeToInteger(let unit):
      let seconds = ColumnType.range(bits: bits(conversion.to)).upperBound / 1_000_000
      let limit = unit.microseconds * seconds
      return times(unit.digits, name, "abs(extract(epoch FROM \(name))) >= \(limit)")
    case .timeToText(let form): return times(form.unit.digits, name)
    case .integerToText, .decimalToText, .booleanToText, .booleanToInteger, .decimalToReal:
      return .unknown
    }
  }

  private func scaled(_ scale: Int) -> String {
    scale == 0 ? "" : " / 1\(String(repeating: "0", count: scale)).0"
  }

  private func bits(_ type: ColumnType) -> Int {
    if case .integer(let bits) = type { bits } else { 64 }
  }

  private func integersInTexts(_ type: ColumnType, _ name: String) -> Suspects {
    let range = ColumnType.range(bits: bits(type))
    let bounds = "NOT BETWEEN \(range.lowerBound) AND \(range.upperBound)"
    if kind == .sqlite {
      return .any([
        "\(name) <> CAST(CAST(\(name) AS INTEGER) AS TEXT)",
        bits(type) < 64 ? "CAST(\(name) AS INTEGER) \(bounds)" : nil,
      ])
    }
    let pattern = "'^(0|-?[1-9][0-9]{0,17})$'"
    // Only what matches can be cast.
    return .any([
      "\(name) !~ \(pattern)",
      bits(type) < 64
        ? "CASE WHEN \(name) ~ \(pattern) THEN \(name)::bigint \(bounds) ELSE FALSE END" : nil,
    ])
  }

  private func decimalsInTexts(_ type: ColumnType, _ name: String) -> Suspects {
    if kind == .sqlite { return .unknown }
    let pattern = "'^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)[.][0-9]*[1-9])$'"
    let limits: String? =
      if case .condition(let condition) = decimals(type, "\(name)::numeric", shiftedBy: 0) {
        "CASE WHEN \(name) ~ \(pattern) THEN \(condition) ELSE FALSE END"
      } else {
        nil
      }
    return .any(["\(name) !~ \(pattern)", limits])
  }

  private func notANumber(_ name: String) -> String? {
    kind == .postgreSQL ? "\(name)::text IN ('NaN', 'Infinity', '-Infinity')" : nil
  }

  /// Of the same family, with other limits.
  private func limits(_ from: ColumnType, _ to: ColumnType, _ name: String) -> Suspects {
    switch to {
    case .integer(let bits):
      let range = ColumnType.range(bits: bits)
      return .condition("\(name) NOT BETWEEN \(range.lowerBound) AND \(range.upperBound)")
    case .decimal: return decimals(to, name, shiftedBy: 0)
    case .text(let limit?) where from.family == .text:
      return .condition("length(\(name)) > \(limit)")
    case .timestamp(_, let digits): return times(digits, name)
    case .date where kind == .sqlite: return .condition("date(\(name), '+0 days') IS NOT \(name)")
    case .date where from.family == .date:
      return .condition("\(name) NOT BETWEEN '0001-01-01' AND '9999-12-31'")
    case .date: return .condition("\(name) !~ '^\(Self.datePattern)$'")
    case .uuid:
      let groups = [8, 4, 4, 4, 12]
      return .condition(
        kind == .sqlite
          ? "\(name) NOT GLOB '"
            + groups.map { String(repeating: "[0-9a-f]", count: $0) }.joined(separator: "-") + "'"
          : "\(name) !~ '^" + groups.map { "[0-9a-f]{\($0)}" }.joined(separator: "-") + "$'")
    default: return .unknown
    }
  }

  /// Decimals that a type of so many digits cannot hold.
  func decimals(_ type: ColumnType, _ name: String, shiftedBy shift: Int) -> Suspects {
    guard case .decimal(let precision?, let scale) = type else {
      return .any([notANumber(name)])
    }
    // `shift` places to the left: what counts whole units before it.
    let (whole, fraction) = (precision - (scale ?? 0) - shift, (scale ?? 0) + shift)
    let limit = whole >= 0 ? "1" + String(repeating: "0", count: whole) : "1"
    return .any([
      fraction >= 0
        ? (shift == 0 ? "\(name) <> round(\(name), \(fraction))" : nil)
        : "\(name) % 1\(String(repeating: "0", count: -fraction)) <> 0",
      "abs(\(name)) >= \(limit)", notANumber(name),
    ])
  }

  private func realsToDecimal(_ type: ColumnType, _ name: String) -> Suspects {
    guard case .decimal(let precision?, let scale) = type else {
      return kind == .postgreSQL
        ? .condition("\(name)::text IN ('NaN', 'Infinity', '-Infinity')")
        : .condition("abs(\(name)) > 1e308")
    }
    let digits = scale ?? 0
    let limit = "1" + String(repeating: "0", count: max(0, precision - digits))
    return kind == .postgreSQL
      ? .condition(
        "\(name)::text IN ('NaN', 'Infinity', '-Infinity') OR abs(\(name)) >= \(limit) OR "
          + "\(name) <> round(\(name)::text::numeric, \(digits))::double precision")
      : .condition("abs(\(name)) >= \(limit) OR \(name) <> round(\(name), \(digits))")
  }

  private func times(_ digits: Int, _ name: String, _ other: String? = nil) -> Suspects {
    // SQLite has no such columns.
    if kind == .sqlite { return .none }
    let bounds = "\(name) < '0001-01-01' OR \(name) >= '10000-01-01'"
    return .any([
      bounds, digits == 6 ? nil : "\(name) <> date_trunc('\(step(digits))', \(name))", other,
    ])
  }

  /// The coarser step that PostgreSQL has a word for; what is finer is let off later.
  private func step(_ digits: Int) -> String {
    switch digits {
    case 0...2: "second"
    case 3...5: "milliseconds"
    default: "microseconds"
    }
  }

  private func timesInTexts(_ form: TimeText, _ name: String) -> Suspects {
    let fraction = form.unit.digits
    let (between, end) = form.form == .iso ? ("T", "Z") : (" ", "")
    if kind == .postgreSQL {
      let point = fraction == 0 ? "" : "\\.[0-9]{\(fraction)}"
      return .condition(
        "\(name) !~ '^\(Self.datePattern)\(between)\(Self.timePattern)\(point)\(end)$'")
    }
    guard fraction < 6 else { return .unknown }
    // Only a modifier makes SQLite ask whether there is such a day.
    let seconds = fraction == 0 ? "%S" : "%f"
    return .condition(
      "strftime('%Y-%m-%d\(between)%H:%M:\(seconds)\(end)', \(name), '+0 days') IS NOT \(name)")
  }
}
