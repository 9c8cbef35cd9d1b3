// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Lists of values, formats and bounds.
extension SchemaComparison {
  private static let shownBytes = 60

  func valueChanges(
    _ written: SchemaView, _ read: SchemaView, _ shared: Set<SchemaType>
  ) -> [SchemaChange] {
    if shared.isEmpty { return [] }
    guard let taken = read.possibleValues else {
      // A list is held to bounds value by value.
      return (written.possibleValues ?? []).filter {
        shared.contains(SchemaType($0)) && !read.bounds($0)
      }.map { valueChange($0, written, read, "") }
    }
    let list = taken.map { $0.text(limit: Self.shownBytes) }.joined(separator: ", ")
    guard let values = written.possibleValues else {
      // Beside other types there are still only two booleans.
      if read.values == nil { return [] }
      return [
        direction == .request
          ? change(
            "became-enum", written, read, "only \(list) is taken now",
            "a client that sends another is refused")
          : change(
            "became-not-enum", written, read, "it may be any value now, and was one of \(list)",
            "a client meets values that it does not know")
      ]
    }
    return values.filter { value in
      shared.contains(SchemaType(value)) && !taken.contains(value)
    }.map { valueChange($0, written, read, "that knows \(list) ") }
  }

  private func valueChange(
    _ value: JSONValue, _ written: SchemaView, _ read: SchemaView, _ whoKnows: String
  ) -> SchemaChange {
    let value = value.text(limit: Self.shownBytes)
    return direction == .request
      ? change(
        "enum-value-removed", written, read, "\(value) is taken no more",
        "a client that sends \(value) is refused")
      : change(
        "enum-value-added", written, read, "it may be \(value) now",
        "a client \(whoKnows)meets \(value)")
  }

  /// Formats whose values are all of another format too.
  private static let wider: [String: Set<String>] = [
    "int32": ["int64"], "float": ["double"], "uri": ["uri-reference", "iri", "iri-reference"],
    "email": ["idn-email"], "hostname": ["idn-hostname"], "iri": ["iri-reference"],
  ]
  /// These say nothing about values.
  private static let hints: Set<String> = ["password", "binary"]

  func formatChanges(
    _ written: SchemaView, _ read: SchemaView, _ shared: Set<SchemaType>
  ) -> [SchemaChange] {
    guard !shared.isDisjoint(with: [.string, .integer, .fraction]), written.values == nil,
      let format = read.format, !Self.hints.contains(format), written.format != format
    else { return [] }
    if let own = written.format, Self.wider[own]?.contains(format) == true { return [] }
    let (was, isNow) = (
      former(written.format, format) ?? "of none", latter(written.format, format) ?? "of none"
    )
    return [
      change(
        "format-changed", written, read, "its format was \(was) and is \(isNow) now",
        direction == .request
          ? "a client that sends another format is refused"
          : "a client that reads it as \(format) fails")
    ]
  }

  func boundChanges(
    _ written: SchemaView, _ read: SchemaView, _ shared: Set<SchemaType>
  ) -> [SchemaChange] {
    var found: [SchemaChange] = []
    func add(_ name: String, _ way: String, _ was: String?, _ isNow: String?) {
      found.append(
        change(
          name + "-" + way, written, read,
          "its \(name) was \(was ?? "not set") and is \(isNow ?? "not set") now",
          direction == .request
            ? "a client that keeps to the former is refused"
            : "a client meets what it could not meet before"))
    }
    func added() -> String { direction == .request ? "set" : "unset" }
    let isNumber = !shared.isDisjoint(with: [.integer, .fraction])
    if isNumber {
      for (name, own, other, isLeast) in [
        ("min", written.minimum, read.minimum, true), ("max", written.maximum, read.maximum, false),
      ] {
        let isWhole = !shared.contains(.fraction)
        guard let other, !Self.isWithin(own, other, isLeast: isLeast, isWhole: isWhole) else {
          continue
        }
        let isUp = isLeast == (direction == .request)
        add(
          name, own == nil ? added() : isUp ? "increased" : "decreased",
          former(own?.text, other.text), latter(own?.text, other.text))
      }
      for multiple in read.multiples
      where !written.multiples.contains(where: { $0.isMultiple(of: multiple) == true }) {
        let own = written.multiples.map(\.text).sorted().first
        add(
          "multiple-of", own == nil ? added() : "changed", former(own, multiple.text),
          latter(own, multiple.text))
      }
    }
    for (keyword, name, type) in Self.counts where shared.contains(type) {
      guard let other = read.counts[keyword] else { continue }
      let own = written.counts[keyword]
      let isLeast = SchemaView.leastCounts.contains(keyword)
      if isLeast ? (own ?? 0) >= other : (own ?? .max) <= other { continue }
      let isUp = isLeast == (direction == .request)
      add(
        name, own == nil ? added() : isUp ? "increased" : "decreased",
        former(own.map { "\($0)" }, "\(other)"), latter(own.map { "\($0)" }, "\(other)"))
    }
    if shared.contains(.array), read.isUnique, !written.isUnique {
      add(
        "unique-items", added(), former("not set", "set"), latter("not set", "set"))
    }
    return found + patternChanges(written, read, shared)
  }

  private static let counts: [(keyword: String, name: String, type: SchemaType)] = [
    ("minLength", "min-length", .string), ("maxLength", "max-length", .string),
    ("minItems", "min-items", .array), ("maxItems", "max-items", .array),
    ("minProperties", "min-properties", .object), ("maxProperties", "max-properties", .object),
  ]

  private static func isWithin(
    _ own: SchemaView.Bound?, _ other: SchemaView.Bound, isLeast: Bool, isWhole: Bool
  ) -> Bool {
    guard var own else { return false }
    var other = other
    if isWhole { (own, other) = (own.ofWholes(isLeast: isLeast), other.ofWholes(isLeast: isLeast)) }
    if own.value == other.value { return own.isOpen || !other.isOpen }
    return isLeast ? own.value > other.value : own.value < other.value
  }

  /// Which of two patterns takes more is not told; that somebody should look is.
  private func patternChanges(
    _ written: SchemaView, _ read: SchemaView, _ shared: Set<SchemaType>
  ) -> [SchemaChange] {
    guard shared.contains(.string), !read.patterns.isSubset(of: written.patterns) else { return [] }
    let isSet = written.patterns.isEmpty
    let texts = [written.patterns, read.patterns].map { patterns in
      patterns.isEmpty ? "not set" : patterns.sorted().joined(separator: " and ")
    }
    return [
      change(
        isSet ? (direction == .request ? "pattern-set" : "pattern-unset") : "pattern-changed",
        written, read,
        "its pattern was \(former(texts[0], texts[1])) and is \(latter(texts[0], texts[1])) now",
        !isSet
          ? "whether the newer one takes the same is not told"
          : direction == .request
            ? "a client that sends another text is refused"
            : "a client meets texts that it could not meet before",
        severity: isSet ? .breaking : .warning)
    ]
  }
}
