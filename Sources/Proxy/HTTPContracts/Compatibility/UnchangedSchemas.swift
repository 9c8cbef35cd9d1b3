// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Schemas that say the same in both documents, with all that they refer to; most of them do.
struct UnchangedSchemas: Sendable {
  /// References to what changed, or to what refers to something that did.
  private let changed: Set<String>
  /// The documents are of different versions of OpenAPI, which read the same words differently.
  private let areOtherwiseRead: Bool

  init(_ old: APIDocument, _ new: APIDocument) {
    areOtherwiseRead = old.ignoresSiblings != new.ignoresSiblings
    var dependents: [String: [String]] = [:]
    var open: [String] = []
    for reference in Self.references(old.root.value).union(Self.references(new.root.value)) {
      let targets = (old.target(of: reference), new.target(of: reference))
      guard let target = targets.0, target.value == targets.1?.value else {
        open.append(reference)
        continue
      }
      for inner in Self.references(target.value) {
        dependents[inner, default: []].append(reference)
      }
    }
    var changed = Set(open)
    while let reference = open.popLast() {
      for dependent in dependents[reference] ?? [] where changed.insert(dependent).inserted {
        open.append(dependent)
      }
    }
    self.changed = changed
  }

  func holds(_ old: [APINode], _ new: [APINode]) -> Bool {
    !areOtherwiseRead && old.count == new.count
      && zip(old, new).allSatisfy { former, latter in
        former.value == latter.value && Self.references(former.value).isDisjoint(with: changed)
      }
  }

  private static func references(_ value: JSONValue) -> Set<String> {
    var found: Set<String> = []
    collect(value, &found)
    return found
  }

  private static func collect(_ value: JSONValue, _ found: inout Set<String>) {
    switch value {
    case .object(let members):
      if case .string(let reference)? = members["$ref"] { found.insert(reference) }
      for member in members.values { collect(member, &found) }
    case .array(let elements): for element in elements { collect(element, &found) }
    case .null, .bool, .number, .string: break
    }
  }
}
