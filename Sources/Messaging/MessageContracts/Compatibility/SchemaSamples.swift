// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// A few values that a writer may write, so that a finding can show what breaks.
struct SchemaSamples {
  private static let depthLimit = 3
  private static let countLimit = 40
  private static let textLimit = 64
  private static let itemLimit = 32
  private let expansion = SchemaExpansion()

  /// Values of a branch, some of them close to where others end.
  func values(
    _ branch: SchemaBranch, near others: [SchemaBranch] = [], depth: Int
  ) -> [JSONValue] {
    if let listed = branch.listed { return Array(listed.prefix(Self.countLimit)) }
    guard depth <= Self.depthLimit else { return [] }
    return JSONType.allCases.filter(branch.types.contains)
      .flatMap {
        candidates(branch, $0, others, depth).filter(branch.allows).prefix(Self.countLimit)
      }
  }

  /// Values of all the schemas together.
  func values(
    _ schemas: [LocatedSchema], near others: [SchemaBranch] = [], depth: Int
  ) -> [JSONValue] {
    (expansion.written(schemas) ?? []).flatMap { values($0, near: others, depth: depth) }
      .filter { value in schemas.allSatisfy { $0.accepts(value) } }
  }

  private func candidates(
    _ branch: SchemaBranch, _ type: JSONType, _ others: [SchemaBranch], _ depth: Int
  ) -> [JSONValue] {
    switch type {
    case .null: return [.null]
    case .boolean: return [.bool(false), .bool(true)]
    case .number: return numbers([branch] + others)
    case .string: return strings(branch, others)
    case .array:
      return arrays(branch, others, depth)
    case .object: return objects(branch, near: others, depth: depth, without: nil)
    }
  }

  private func numbers(_ branches: [SchemaBranch]) -> [JSONValue] {
    let bounds = branches.flatMap { [$0.minimum?.value, $0.maximum?.value].compactMap(\.self) }
    let wholes = bounds.flatMap {
      [$0.whole(roundingUp: false), $0.whole(roundingUp: true)].compactMap(\.self)
    }
    let near = wholes.flatMap { ["\($0 - 1)", "\($0)", "\($0 + 1)"] + Self.halves($0) }
    let texts = ["0", "1", "-1", "0.5", "0.3", "1000000"] + near
    return (bounds + texts.compactMap { JSONNumber(valid: $0) }).map { .number($0) }
      + Self.multiples(branches.flatMap(\.multiples), near: bounds)
  }

  /// Multiples of steps next to bounds, and what lies between two of them.
  private static func multiples(_ steps: [JSONNumber], near bounds: [JSONNumber]) -> [JSONValue] {
    var numbers: [JSONValue] = []
    for step in steps.map(\.approximation) where step.isFinite && step > 0 {
      let multiples = bounds.map { bound -> Double in
        (bound.approximation / step).rounded(.down) * step
      }
      for base in [0] + multiples {
        for share: Double in [-1, -0.5, 0, 0.5, 1, 2] { numbers.append(.real(base + share * step)) }
      }
    }
    return numbers
  }

  private static func halves(_ whole: Int) -> [String] {
    whole > 0
      ? ["\(whole).5", "\(whole - 1).5"]
      : whole < 0 ? ["\(whole).5", whole == -1 ? "-0.5" : "\(whole + 1).5"] : ["0.5", "-0.5"]
  }

  private func strings(_ branch: SchemaBranch, _ others: [SchemaBranch]) -> [JSONValue] {
    let ranges = ([branch] + others).map(\.length)
    let lengths =
      [0, 1] + ranges.flatMap { [$0.least - 1, $0.least, $0.least + 1, ($0.most ?? $0.least) + 1] }
      + ranges.compactMap(\.most)
    var texts = Set(lengths).filter { (0...Self.textLimit).contains($0) }.sorted()
      .map { String(repeating: "a", count: $0) }
    if !branch.patterns.isEmpty {
      for length in ranges + [CountRange()] + (0...3).map({ CountRange(least: $0, most: $0) }) {
        let pattern = TextPattern(length: length).map { [$0] } ?? []
        if case .counterexample(let text) = TextPattern.text(
          matching: branch.texts + pattern, avoiding: nil)
        {
          texts.insert(text, at: 0)
        }
      }
    }
    return texts.map { .string($0) }
  }

  // MARK: - Arrays

  private func arrays(
    _ branch: SchemaBranch, _ others: [SchemaBranch], _ depth: Int
  ) -> [JSONValue] {
    let near = others.flatMap { expansion.branches($0.items) ?? [] }
    let items = values(branch.items, near: near, depth: depth + 1)
    let ranges = ([branch] + others).map(\.itemCount)
    let counts =
      [0, 1, 2]
      + ranges.flatMap { [$0.least - 1, $0.least, $0.most ?? $0.least, ($0.most ?? $0.least) + 1] }
    let sized = Set(counts).filter { (0...Self.itemLimit).contains($0) }.sorted()
      .compactMap { filled([], items, count: $0, isUnique: branch.isUnique) }
    return sized + items.prefix(8).compactMap { array(branch, with: $0, of: items) }
  }

  /// The shortest array with an item.
  func array(_ branch: SchemaBranch, with item: JSONValue) -> JSONValue? {
    guard branch.itemCount.least > 1 else { return .array([item]) }
    return array(branch, with: item, of: values(branch.items, depth: 1))
  }

  private func array(
    _ branch: SchemaBranch, with item: JSONValue, of items: [JSONValue]
  ) -> JSONValue? {
    filled(
      [item], items, count: max(1, branch.itemCount.least), isUnique: branch.isUnique)
  }

  private func filled(
    _ first: [JSONValue], _ items: [JSONValue], count: Int, isUnique: Bool
  ) -> JSONValue? {
    guard count <= Self.itemLimit else { return nil }
    var array = first
    for item in items where array.count < count {
      if !isUnique {
        array += Array(repeating: item, count: count - array.count)
      } else if !array.contains(where: { $0.isSame(item) }) {
        array.append(item)
      }
    }
    return array.count == count ? .array(array) : nil
  }

  // MARK: - Objects

  /// Objects of a branch: the smallest, and some with more.
  func objects(
    _ branch: SchemaBranch, near others: [SchemaBranch], depth: Int, without left: ExactText?
  ) -> [JSONValue] {
    guard let least = least(branch, depth: depth, without: left) else { return [] }
    var objects: [JSONValue] = [.object(least)]
    let names = Set(branch.properties.keys).union(others.flatMap { $0.properties.keys })
      .union(branch.additional.isEmpty ? [] : [ExactText("other")])
    var full = least
    for name in names.sorted() where name != left {
      let near = others.flatMap { expansion.branches($0.member(name)) ?? [] }
      let values = values(branch.member(name), near: near, depth: depth + 1)
      objects += self.objects(branch, with: name, Array(values.prefix(12)), depth, without: left)
      if full[name.text] == nil, let value = values.first {
        full[name.text] = value
        objects.append(.object(full))
      }
    }
    return objects
  }

  /// The smallest object with each of some values as a member.
  func objects(
    _ branch: SchemaBranch, with name: ExactText, _ values: [JSONValue], _ depth: Int = 0,
    without left: ExactText? = nil
  ) -> [JSONValue] {
    guard let first = values.first,
      let least = least(branch, [name.text: first], depth: depth, without: left)
    else { return [] }
    return values.map { .object(least.merging([name.text: $0]) { _, new in new }) }
  }

  /// As few members as there may be, some of them given.
  private func least(
    _ branch: SchemaBranch, _ given: [String: JSONValue] = [:], depth: Int,
    without left: ExactText?
  ) -> [String: JSONValue]? {
    var least = given
    for name in branch.required.sorted() where name != left && least[name.text] == nil {
      guard let value = values(branch.member(name), depth: depth + 1).first else { return nil }
      least[name.text] = value
    }
    for name in branch.properties.keys.sorted()
    where least.count < branch.memberCount.least && name != left && least[name.text] == nil {
      least[name.text] = values(branch.member(name), depth: depth + 1).first
    }
    return least
  }
}
