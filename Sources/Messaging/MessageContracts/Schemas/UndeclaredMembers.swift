// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Members that a contract does not name. Readers ignore them; writers must not write them, or a
/// later version could not give their names a meaning.
struct UndeclaredMembers {
  private let expansion = SchemaExpansion()

  /// JSON Pointers of members that no schema names, where there may be only what is named; the
  /// schemas accept the value.
  func pointers(_ value: JSONValue, _ schemas: [LocatedSchema], at place: String) -> [String] {
    switch value {
    case .array(let elements) where !elements.isEmpty: break
    case .object(let members) where !members.isEmpty: break
    default: return []
    }
    // Too many alternatives to look at: nothing is held against the value.
    guard let branches = expansion.branches(schemas) else { return [] }
    var fewest: [String]?
    for branch in branches where branches.count == 1 || branch.allows(value) {
      let found = pointers(value, branch.written, at: place)
      if found.isEmpty { return [] }
      if fewest.map({ found.count < $0.count }) ?? true { fewest = found }
    }
    return fewest ?? []
  }

  private func pointers(
    _ value: JSONValue, _ branch: SchemaBranch, at place: String
  ) -> [String] {
    switch value {
    case .array(let elements):
      return branch.items.isEmpty
        ? []
        : elements.enumerated().flatMap {
          pointers($0.element, branch.items, at: "\(place)/\($0.offset)")
        }
    case .object(let members):
      return members.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
        let place = JSONPointer.appending(name, to: place)
        let schemas = branch.member(ExactText(name))
        // The value is accepted, so what forbids it is that nothing names it.
        if schemas.contains(where: \.node.isNever) { return [place] }
        return schemas.isEmpty ? [] : pointers(value, schemas, at: place)
      }
    default: return []
    }
  }
}

extension LocatedSchema {
  /// Whether a writer that keeps to the schema may write the value.
  func writes(_ value: JSONValue) -> Bool { writingBreaches(value).isEmpty }

  /// What a writer that keeps to the schema must not write, all of it.
  func writingBreaches(_ value: JSONValue) -> [PayloadBreach] {
    let breaches = breaches(value, at: "")
    guard breaches.isEmpty else { return breaches }
    return UndeclaredMembers().pointers(value, [self], at: "").map { pointer in
      PayloadBreach(
        pointer: pointer, expected: "no member that the contract does not name",
        got: "one that only readers would ignore")
    }
  }
}
