// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Whether two schemas say the same, word for word; remarks do not count.
struct SchemaIdentity {
  /// Pairs that are being looked at: a definition that comes back to itself is the same as another
  /// that does so alike.
  private var assumed: Set<String> = []

  static func isSame(_ left: LocatedSchema, _ right: LocatedSchema) -> Bool {
    var identity = SchemaIdentity()
    return identity.isSame(left, right)
  }

  /// Whether the alternatives of `oneOf` are the same.
  static func haveSameSingle(_ left: LocatedSchema, _ right: LocatedSchema) -> Bool {
    var identity = SchemaIdentity()
    return identity.areSame(left, left.node.oneOf, right, right.node.oneOf)
  }

  private mutating func isSame(_ left: LocatedSchema, _ right: LocatedSchema) -> Bool {
    let (one, other) = (left.node, right.node)
    guard one.hasSameOwnKeywords(other),
      areSame(left, one.items, right, other.items),
      areSame(left, one.additional, right, other.additional),
      areSame(left, one.allOf, right, other.allOf),
      areSame(left, one.anyOf, right, other.anyOf),
      areSame(left, one.oneOf, right, other.oneOf),
      one.properties.count == other.properties.count
    else { return false }
    for (name, property) in one.properties {
      guard let counterpart = other.properties[name],
        isSame(left.located(property), right.located(counterpart))
      else { return false }
    }
    guard let reference = left.referenced else { return right.referenced == nil }
    guard let counterpart = right.referenced else { return false }
    guard assumed.insert("\(reference.key) \(counterpart.key)").inserted else { return true }
    return isSame(reference, counterpart)
  }

  private mutating func areSame(
    _ left: LocatedSchema, _ ones: [SchemaNode], _ right: LocatedSchema, _ others: [SchemaNode]
  ) -> Bool {
    guard ones.count == others.count else { return false }
    for (one, other) in zip(ones, others) {
      guard isSame(left.located(one), right.located(other)) else { return false }
    }
    return true
  }
}

extension SchemaNode {
  fileprivate func hasSameOwnKeywords(_ other: SchemaNode) -> Bool {
    func areSame(_ left: [JSONValue]?, _ right: [JSONValue]?) -> Bool {
      guard let left, let right else { return left == nil && right == nil }
      return left.count == right.count && zip(left, right).allSatisfy { $0.isSame($1) }
    }
    return isNever == other.isNever && types == other.types && integersOnly == other.integersOnly
      && areSame(values, other.values)
      && areSame(constant.map { [$0] }, other.constant.map { [$0] })
      && minimum == other.minimum && maximum == other.maximum && multiple == other.multiple
      && length == other.length && itemCount == other.itemCount && isUnique == other.isUnique
      && required == other.required && memberCount == other.memberCount
      && pattern.map { ExactText($0.text) } == other.pattern.map { ExactText($0.text) }
  }

  /// Whether it allows everything.
  var isAnything: Bool {
    !isNever && reference == nil && applied.isEmpty && items.isEmpty && properties.isEmpty
      && additional.isEmpty && hasSameOwnKeywords(SchemaNode(pointer: ""))
  }
}
