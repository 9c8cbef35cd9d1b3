// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Synchronization

/// What writers must keep to: the schema, and no members that it does not name. Readers ignore
/// those, but a later version could not give their names a meaning.
///
/// What its schemas come to is worked out once for each place of the document, when a payload first
/// has something there.
final class WritingRules: Sendable {
  /// Most places that are kept.
  private static let placeLimit = 4_096

  private let whole: LocatedSchema
  private let expansion = SchemaExpansion()
  /// By the pointers of the schemas that meet there; nil where there are too many alternatives.
  private let places = Mutex<[[String]: [SchemaBranch]?]>([:])

  init(_ document: SchemaDocument) { whole = document.whole }

  func allow(_ value: JSONValue) -> Bool { breaches(value).isEmpty }

  /// All that a writer must not write there.
  func breaches(_ value: JSONValue) -> [PayloadBreach] {
    let breaches = whole.breaches(value, at: "")
    guard breaches.isEmpty else { return breaches }
    return pointers(value, [whole], at: "").map { pointer in
      PayloadBreach(
        pointer: pointer, expected: "no member that the contract does not name",
        got: "one that only readers would ignore")
    }
  }

  private func branches(_ schemas: [LocatedSchema]) -> [SchemaBranch]? {
    let place = schemas.map(\.node.pointer)
    if let known = places.withLock({ $0[place] }) { return known }
    let branches = expansion.branches(schemas)?.map(\.written)
    places.withLock { if $0.count < Self.placeLimit { $0[place] = .some(branches) } }
    return branches
  }

  /// JSON Pointers of members that no schema names, where there may be only what is named; the
  /// schemas accept the value.
  private func pointers(
    _ value: JSONValue, _ schemas: [LocatedSchema], at place: String
  ) -> [String] {
    switch value {
    case .array(let elements) where !elements.isEmpty: break
    case .object(let members) where !members.isEmpty: break
    default: return []
    }
    // Too many alternatives to look at: nothing is held against the value.
    guard let branches = branches(schemas) else { return [] }
    var fewest: [String]?
    for branch in branches where branches.count == 1 || branch.allows(value) {
      let found = pointers(value, branch, at: place)
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
