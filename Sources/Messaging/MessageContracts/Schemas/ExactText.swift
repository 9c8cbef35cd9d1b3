// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// A text that equals only what has the same code points, as JSON Schema wants it; Swift's own
/// equality takes a composed and a decomposed é for one.
struct ExactText: Sendable, Hashable, Comparable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ExactText, right: ExactText) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  static func < (left: ExactText, right: ExactText) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8(0xFF))
  }
}

extension JSONValue {
  /// JSON Schema's equality: numbers by value, texts by code points, members in any order.
  func isSame(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.string(let left), .string(let right)): return ExactText(left) == ExactText(right)
    case (.array(let left), .array(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { $0.isSame($1) }
    case (.object(let left), .object(let right)):
      guard left.count == right.count else { return false }
      let others = Dictionary(
        right.map { (ExactText($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
      return left.allSatisfy { others[ExactText($0.key)]?.isSame($0.value) ?? false }
    default: return self == other
    }
  }
}
