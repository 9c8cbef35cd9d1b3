// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// A few values of a branch, so that a finding can show what breaks.
struct SchemaSamples {
  private static let depthLimit = 3
  private static let countLimit = 24
  private let expansion = SchemaExpansion()

  func values(_ branch: SchemaBranch, depth: Int = 0) -> [JSONValue] {
    if let listed = branch.listed { return listed }
    guard depth <= Self.depthLimit else { return [] }
    return JSONType.allCases.filter(branch.types.contains)
      .flatMap { candidates(branch, $0, depth) }.prefix(Self.countLimit).filter(branch.allows)
  }

  private func values(_ schemas: [LocatedSchema], depth: Int) -> [JSONValue] {
    (expansion.branches(schemas) ?? []).flatMap { values($0, depth: depth) }
      .filter { value in schemas.allSatisfy { $0.accepts(value) } }
  }

  private func candidates(
    _ branch: SchemaBranch, _ type: JSONType, _ depth: Int
  ) -> [JSONValue] {
    switch type {
    case .null: return [.null]
    case .boolean: return [.bool(false), .bool(true)]
    case .number:
      let bounds = [branch.minimum, branch.maximum].compactMap { $0?.value }
      let texts = ["0", "1", "-1", "0.5", "1000000"]
      return (bounds + branch.multiples + texts.compactMap { JSONNumber(valid: $0) })
        .map { .number($0) }
    case .string:
      let lengths = [branch.length.least, branch.length.most ?? branch.length.least + 1, 0, 1]
      return lengths.filter { $0 <= 64 }.map { .string(String(repeating: "a", count: $0)) }
    case .array:
      let items = values(branch.items, depth: depth + 1)
      guard branch.itemCount.least > 0 else {
        return [.array([])] + items.prefix(4).map { .array([$0]) }
      }
      guard branch.itemCount.least <= items.count || !branch.isUnique, let first = items.first,
        branch.itemCount.least <= 16
      else { return [] }
      let filling = branch.isUnique ? items : Array(repeating: first, count: 16)
      return [.array(Array(filling.prefix(branch.itemCount.least)))]
    case .object: return objects(branch, depth)
    }
  }

  private func objects(_ branch: SchemaBranch, _ depth: Int) -> [JSONValue] {
    var least: [String: JSONValue] = [:]
    for name in branch.required.sorted() {
      guard let value = values(branch.member(name), depth: depth + 1).first else { return [] }
      least[name.text] = value
    }
    var objects: [JSONValue] = [.object(least)]
    for name in branch.properties.keys.sorted() {
      for value in values(branch.member(name), depth: depth + 1).prefix(3) {
        objects.append(.object(least.merging([name.text: value]) { _, new in new }))
      }
    }
    return objects
  }
}
