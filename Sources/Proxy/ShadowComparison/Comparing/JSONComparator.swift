// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Compares two JSON documents path by path.
struct JSONComparator {
  let rules: ComparisonRules
  private let redaction: Redaction

  init(rules: ComparisonRules) {
    self.rules = rules
    redaction = Redaction(rules)
  }

  func compare(
    _ legacy: JSONValue, _ extracted: JSONValue, at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    switch (legacy, extracted) {
    case (.object(let left), .object(let right)):
      compareMembers(left, right, at: path, &collector)
    case (.array(let left), .array(let right)):
      compareElements(left, right, at: path.elements, &collector)
    case (.number(let left), .number(let right)):
      compareNumbers(left, right, at: path, &collector)
    default:
      guard legacy != extracted else { return }
      let kind: PathKind.Kind = legacy.typeName == extracted.typeName ? .value : .type
      collector.add(path, kind, show(legacy, at: path), show(extracted, at: path))
    }
  }

  private func compareMembers(
    _ legacy: [String: JSONValue], _ extracted: [String: JSONValue], at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    // Sorted, so that the same differences are listed when a limit cuts the list.
    for name in Set(legacy.keys).union(extracted.keys).sorted() {
      let member = path.member(name)
      switch (legacy[name], extracted[name]) {
      case (let left?, let right?): compare(left, right, at: member, &collector)
      case (let left, let right):
        collector.add(
          member, .presence, left.map { show($0, at: member) }, right.map { show($0, at: member) })
      }
    }
  }

  private func compareNumbers(
    _ legacy: JSONNumber, _ extracted: JSONNumber, at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    let isAnotherValue = legacy != extracted
    guard isAnotherValue || rules.numberFormat && legacy.text != extracted.text,
      !isWithinTolerance(legacy, extracted, at: path)
    else { return }
    collector.add(path, isAnotherValue ? .value : .format, legacy.text, extracted.text)
  }

  private func isWithinTolerance(
    _ legacy: JSONNumber, _ extracted: JSONNumber, at path: ResponsePath
  ) -> Bool {
    // 1.01 - 1.00 is a little more than 0.01 in binary: allow for the rounding of both numbers.
    let difference = abs(legacy.approximation - extracted.approximation)
    let rounding = max(legacy.approximation.ulp, extracted.approximation.ulp)
    return rules.tolerances.contains {
      $0.path.matches(path.shown) && difference <= $0.difference + rounding
    }
  }

  // MARK: - Arrays

  private func compareElements(
    _ legacy: [JSONValue], _ extracted: [JSONValue], at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    if legacy == extracted, !rules.numberFormat { return }
    if let rule = rules.unordered.first(where: { $0.array.matches(path) }) {
      if let key = rule.key, let left = keyed(legacy, by: key),
        let right = keyed(extracted, by: key)
      {
        compareKeyed(left, right, at: path, &collector)
      } else {
        compareAsSet(legacy, extracted, at: path, &collector)
      }
      return
    }
    if legacy != extracted, legacy.count == extracted.count,
      counted(legacy) == counted(extracted)
    {
      collector.add(
        path, .order, show(elements: legacy, at: path), show(elements: extracted, at: path))
      compareFormats(legacy, extracted, at: path, &collector)
      return
    }
    for (left, right) in zip(legacy, extracted) { compare(left, right, at: path, &collector) }
    reportSurplus(
      legacy.dropFirst(extracted.count).first, extracted.dropFirst(legacy.count).first, at: path,
      &collector)
  }

  /// Nil when an element has no such member or two have the same.
  private func keyed(_ elements: [JSONValue], by key: String) -> [JSONValue: JSONValue]? {
    var keyed: [JSONValue: JSONValue] = [:]
    for element in elements {
      guard case .object(let members) = element, let name = members[key],
        keyed.updateValue(element, forKey: name) == nil
      else { return nil }
    }
    return keyed
  }

  private func compareKeyed(
    _ legacy: [JSONValue: JSONValue], _ extracted: [JSONValue: JSONValue], at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    let keys = Set(legacy.keys).union(extracted.keys)
    for key in keys.sorted(by: { $0.text(limit: 200) < $1.text(limit: 200) }) {
      switch (legacy[key], extracted[key]) {
      case (let left?, let right?): compare(left, right, at: path, &collector)
      case (let left, let right): reportSurplus(left, right, at: path, &collector)
      }
    }
  }

  private func compareAsSet(
    _ legacy: [JSONValue], _ extracted: [JSONValue], at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    let (left, right) = (counted(legacy), counted(extracted))
    let onlyLegacy = legacy.first { left[$0, default: 0] > right[$0, default: 0] }
    let onlyExtracted = extracted.first { right[$0, default: 0] > left[$0, default: 0] }
    reportSurplus(onlyLegacy, onlyExtracted, at: path, &collector)
    compareFormats(legacy, extracted, at: path, &collector)
  }

  /// Compares elements that are equal, wherever they stand; their numbers may be written in another
  /// way.
  private func compareFormats(
    _ legacy: [JSONValue], _ extracted: [JSONValue], at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    guard rules.numberFormat else { return }
    // Those that are written alike belong together: `[1, 1.0]` is `[1.0, 1]` in another order.
    let (left, right) = (unmatched(legacy, in: extracted), unmatched(extracted, in: legacy))
    var partners = Dictionary(grouping: right.reversed()) { $0 }
    for element in left {
      guard let partner = partners[element]?.popLast() else { continue }
      compare(element, partner, at: path, &collector)
    }
  }

  /// The elements that have no counterpart of the same text.
  private func unmatched(_ elements: [JSONValue], in others: [JSONValue]) -> [JSONValue] {
    var texts = others.reduce(into: [String: Int]()) { $0[$1.compactJSON, default: 0] += 1 }
    return elements.filter { element in
      let text = element.compactJSON
      guard let count = texts[text], count > 0 else { return true }
      texts[text] = count - 1
      return false
    }
  }

  private func counted(_ elements: [JSONValue]) -> [JSONValue: Int] {
    elements.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  private func reportSurplus(
    _ legacy: JSONValue?, _ extracted: JSONValue?, at path: ResponsePath,
    _ collector: inout DifferenceCollector
  ) {
    guard legacy != nil || extracted != nil else { return }
    collector.add(
      path, .presence, legacy.map { show($0, at: path) }, extracted.map { show($0, at: path) })
  }

  // MARK: - Examples

  private func show(_ value: JSONValue, at path: ResponsePath) -> String {
    redaction.value(value, at: path).text(limit: rules.exampleBytes)
  }

  /// `path` names the elements, not the array.
  private func show(elements: [JSONValue], at path: ResponsePath) -> String {
    JSONValue.array(elements.map { redaction.value($0, at: path) }).text(
      limit: rules.exampleBytes)
  }
}
