// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// A difference between two versions of an API that clients of the older one may notice.
package struct APIChange: Sendable, Equatable {
  package enum Severity: String, Sendable {
    /// Some client that keeps to the older version fails.
    case breaking
    /// No client that keeps to the older version has to fail, and somebody should know.
    case warning
  }

  /// Which of the documents a pointer leads into.
  package enum Side: String, Sendable {
    case old, new
  }

  /// Such as `response-property-type-changed`; names stay.
  package var rule: String
  package var severity: Severity
  /// Operations that it concerns, such as `GET /orders/{id}`; none for the whole API.
  package var operations: [String]
  /// Where a client meets it, such as `response 200, application/json: /items/*/total`; as seen
  /// from the first operation.
  package var place: String
  package var side: Side
  /// JSON Pointer into that document.
  package var pointer: String
  /// What changed.
  package var message: String
  /// What a client sees.
  package var effect: String
  /// Somebody said that it is meant.
  package var isAccepted = false
}

/// Changes by their rule, and in one operation or all of them, that are meant.
package struct AcceptedChange: Sendable, Equatable {
  package var rule: String
  /// Such as `GET /orders/{id}`; nil for all.
  package var operation: String?

  /// `RULE` or `RULE METHOD PATH`; nil for anything else.
  package init?(parsing text: String) {
    let words = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard let rule = words.first, rule.allSatisfy({ $0.isLowercase || $0 == "-" }) else {
      return nil
    }
    self.rule = rule
    operation = words.count > 1 ? words[1] : nil
  }
}

/// All that changed between two versions.
package struct APIChangeReport: Sendable, Equatable {
  /// Most changes that are listed.
  package static let limit = 1_000

  package private(set) var changes: [APIChange]
  /// Operations of the older version.
  package let operations: Int
  /// Changes beyond the limit.
  package let unlisted: Int

  /// Breaking changes come first.
  init(_ all: [APIChange], operations: Int) {
    let sorted = all.enumerated().sorted { one, other in
      (Self.rank(one.element), one.offset) < (Self.rank(other.element), other.offset)
    }
    changes = sorted.prefix(Self.limit).map(\.element)
    unlisted = max(0, all.count - Self.limit)
    self.operations = operations
  }

  private static func rank(_ change: APIChange) -> Int {
    change.severity == .warning ? 2 : change.isAccepted ? 1 : 0
  }

  /// Whether no client that keeps to the older version fails, as far as nobody accepted it.
  package var isCompatible: Bool { breaking == 0 }

  private var breaking: Int { changes.count { $0.severity == .breaking && !$0.isAccepted } }

  /// For people.
  package var text: String {
    var text = changes.map(Self.text).joined()
    if unlisted > 0 { text += "and \(unlisted) more\n" }
    let accepted = changes.count { $0.isAccepted }
    let warnings = changes.count { $0.severity == .warning && !$0.isAccepted }
    text += operations == 1 ? "1 operation: " : "\(operations) operations: "
    text +=
      breaking == 0
      ? "compatible" : breaking == 1 ? "1 breaking change" : "\(breaking) breaking changes"
    if warnings > 0 { text += warnings == 1 ? ", 1 warning" : ", \(warnings) warnings" }
    if accepted > 0 { text += ", \(accepted) accepted" }
    return text + "\n"
  }

  private static func text(_ change: APIChange) -> String {
    let severity = change.isAccepted ? "accepted" : change.severity.rawValue
    var lines = ["\(severity)  \(change.rule)"]
    if let first = change.operations.first {
      let others = change.operations.count - 1
      let more = others == 0 ? "" : " and \(others) other operation\(others == 1 ? "" : "s")"
      lines.append("  " + first + more + (change.place.isEmpty ? "" : ", " + change.place))
    }
    lines.append("  \(change.message); \(change.effect)")
    lines.append("  \(change.side.rawValue) document, \(JSONPointer.shown(change.pointer))")
    return lines.joined(separator: "\n") + "\n\n"
  }

  /// For programs; `fixtures/schemas` describes it.
  package var json: JSONValue {
    .object([
      "schema": .string("strangler.api-changes/1"), "compatible": .bool(isCompatible),
      "operations": .integer(operations), "unlisted": .integer(unlisted),
      "changes": .array(
        changes.map { change in
          .object([
            "rule": .string(change.rule), "severity": .string(change.severity.rawValue),
            "accepted": .bool(change.isAccepted),
            "operations": .array(change.operations.map { .string($0) }),
            "place": .string(change.place), "document": .string(change.side.rawValue),
            "pointer": .string(change.pointer), "message": .string(change.message),
            "effect": .string(change.effect),
          ])
        }),
    ])
  }
}
