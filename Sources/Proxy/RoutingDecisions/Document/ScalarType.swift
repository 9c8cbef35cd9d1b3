// SPDX-License-Identifier: Apache-2.0

/// How a text of the file becomes a value, and what to say when it does not.
struct ScalarType<Value>: Sendable {
  let expected: String
  let parse: @Sendable (String) -> Value?

  func read(_ child: MappingReader.Child, _ findings: Findings) -> Value? {
    if case .scalar(let text) = child.node.value, let value = parse(text) { return value }
    findings.error(
      child.key, at: child.node.mark, "expected \(expected), found \(child.node.found)")
    return nil
  }
}

extension ScalarType where Value == String {
  static let text = ScalarType(expected: "a text that is not empty") { $0.isEmpty ? nil : $0 }
  static let name = ScalarType(expected: ConfigurationName.expected) {
    ConfigurationName.isValid($0) ? $0 : nil
  }
  static let environmentVariable = ScalarType(
    expected: "the name of an environment variable, such as STRANGLER_ADMIN_TOKEN"
  ) { text in
    let isName =
      text.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
      && text.utf8.allSatisfy { PathSegmentBytes.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    return isName ? text : nil
  }
}

extension ScalarType where Value == NetworkAddress {
  static let address = ScalarType(
    expected: "an address such as 127.0.0.1:8080 or [::1]:8080",
    parse: { NetworkAddress(parsing: $0) })
}

extension ScalarType where Value == Percentage {
  static let percentage = ScalarType(
    expected: "a number from 0 to 100 in steps of 0.01", parse: { Percentage(parsing: $0) })
}

extension ScalarType where Value == Int {
  static let count = ScalarType(expected: "a whole number") { text in
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// Bytes, as `65536`, `64KiB`, `8MiB` or `1GiB`.
  static let size = ScalarType(expected: "a size such as 512B, 64KiB, 8MiB or 1GiB") { text in
    guard let (number, unit) = Quantity.split(text) else { return nil }
    let shifts = ["": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30]
    guard let shift = shifts[unit] else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : bytes
  }
}

extension ScalarType where Value == Duration {
  static let duration = ScalarType(
    expected: "a duration such as 250ms, 2s, 5m or 1h", parse: { Quantity.duration($0) })
}

extension ScalarType where Value == Duration? {
  static let durationOrOff = ScalarType(
    expected: "a duration such as 250ms, 2s, 5m or 1h, or off"
  ) { text in
    if text == "off" { return .some(nil) }
    return Quantity.duration(text).map { .some($0) }
  }
}

/// Numbers with a unit.
enum Quantity {
  /// The digits at the start and the unit behind them.
  static func split(_ text: String) -> (number: Int, unit: String)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    return (number, text.dropFirst(digits.count).trimmingPrefix { $0 == " " }.description)
  }

  /// At most a year, so that arithmetic on durations cannot overflow.
  static func duration(_ text: String) -> Duration? {
    let milliseconds = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
    guard
      let (number, unit) = split(text), let factor = milliseconds[unit],
      case let (product, overflow) = number.multipliedReportingOverflow(by: factor), !overflow,
      product <= 365 * 24 * 3_600_000
    else { return nil }
    return .milliseconds(product)
  }
}

/// Names of routes, upstreams and groups: they stand in URLs, metrics and logs unescaped.
enum ConfigurationName {
  static let maximumLength = 64
  static let expected = "a name of 1 to 64 letters, digits, \"-\", \"_\" and \".\""

  static func isValid(_ text: String) -> Bool {
    (1...maximumLength).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        PathSegmentBytes.isAlphanumeric($0) || "-_.".utf8.contains($0)
      } && text != "." && text != ".."
  }
}
