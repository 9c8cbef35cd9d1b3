// SPDX-License-Identifier: Apache-2.0

import ShadowComparison

extension ConfigurationDecoder {
  /// `shadow` of a route; nil when it is neither a mapping nor `off`.
  func decodeShadow(_ child: MappingReader.Child) -> ShadowConfiguration? {
    if case .scalar("off") = child.node.value { return ShadowConfiguration(mode: .off) }
    let expected = "{ mode, percent or rate, rules, ... }, or off"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var shadow = ShadowConfiguration()
    shadow.mode = reader.value("mode", as: .shadowMode) ?? shadow.mode
    let percent = reader.value("percent", as: .percentage)
    let rate = reader.child("rate")
    if let rate, percent != nil {
      findings.error(rate.key, at: rate.node.mark, "expected this or percent, found both")
    } else if let rate {
      ScalarType.count.read(rate, findings).map { shadow.sample = .rate($0) }
    } else if let percent {
      shadow.sample = .percent(percent)
    }
    shadow.includesWrites = reader.value("writes", as: .truth) ?? shadow.includesWrites
    if let withhold = reader.child("withhold") { shadow.withhold = fieldNames(withhold) }
    shadow.deadline = reader.value("deadline", as: .duration) ?? shadow.deadline
    shadow.inFlight = reader.value("in-flight", as: .count) ?? shadow.inFlight
    shadow.compareBytes = reader.value("compare-bytes", as: .size) ?? shadow.compareBytes
    shadow.bodyBytes = reader.value("body-bytes", as: .size) ?? shadow.bodyBytes
    shadow.askAgain = reader.value("ask-again-percent", as: .percentage) ?? shadow.askAgain
    if let rules = reader.child("rules") { decodeRules(rules, into: &shadow.rules) }
    reader.finish()
    return shadow
  }

  private func decodeRules(_ child: MappingReader.Child, into rules: inout ComparisonRules) {
    let expected = "{ headers, ignore, redact, unordered, tolerances, number-format }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return }
    if let headers = reader.child("headers") { rules.headers = fieldNames(headers) }
    if let ignore = reader.child("ignore") { rules.ignore = patterns(ignore) }
    if let redact = reader.child("redact") { rules.redact = patterns(redact, as: .redaction) }
    if let unordered = reader.child("unordered") {
      rules.unordered = items(unordered, expected: "a list of arrays such as [\"items[]\"]")
        .compactMap(decodeUnordered)
    }
    if let tolerances = reader.child("tolerances") {
      rules.tolerances = items(tolerances, expected: "a list of { path, difference }")
        .compactMap(decodeTolerance)
    }
    rules.numberFormat = reader.value("number-format", as: .truth) ?? rules.numberFormat
    reader.finish()
  }

  private func fieldNames(_ child: MappingReader.Child) -> [String] {
    items(child, expected: "a list of header fields").compactMap {
      ScalarType.token.read($0, findings)
    }
  }

  private func patterns(
    _ child: MappingReader.Child, as type: ScalarType<PathPattern> = .pattern
  ) -> [PathPattern] {
    items(child, expected: "a list of paths such as [servedAt, \"items[].total\"]").compactMap {
      type.read($0, findings)
    }
  }

  /// `"tags[]"` for a set, `{ array: "items[]", key: id }` for elements with a key.
  private func decodeUnordered(
    _ child: MappingReader.Child
  ) -> ComparisonRules.UnorderedArray? {
    if case .scalar = child.node.value {
      return ScalarType.array.read(child, findings).map { .init($0) }
    }
    let expected = "an array such as \"items[]\", or { array: \"items[]\", key: id }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let array = reader.required("array", as: .array)
    let key = reader.required("key", as: .text)
    reader.finish()
    return array.map { .init($0, key: key) }
  }

  private func decodeTolerance(_ child: MappingReader.Child) -> ComparisonRules.Tolerance? {
    let expected = "{ path: total, difference: 0.01 }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let path = reader.required("path", as: .pattern)
    let difference = reader.required("difference", as: .difference)
    reader.finish()
    guard let path, let difference else { return nil }
    return .init(path, difference: difference)
  }
}

extension ScalarType where Value == ShadowConfiguration.Mode {
  static let shadowMode = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == PathPattern {
  static let pattern = ScalarType(expected: "a path such as servedAt or \"items[].total\"") {
    $0.isEmpty ? nil : PathPattern($0)
  }
  static let redaction = ScalarType(
    expected: ComparisonRules.expectedRedaction, parse: { ComparisonRules.redaction($0) })
  static let array = ScalarType(expected: "an array with its brackets, such as \"items[]\"") {
    $0.hasSuffix("[]") ? PathPattern($0) : nil
  }
}

extension ScalarType where Value == Double {
  static let difference = ScalarType(expected: "a number above 0, such as 0.01") { text in
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    guard isPlain, let difference = Double(text), difference > 0, difference.isFinite else {
      return nil
    }
    return difference
  }
}
