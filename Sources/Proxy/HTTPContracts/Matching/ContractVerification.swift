// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// What came of asking a service all that examples ask.
package struct ContractVerification: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case kept
    case broken([ContractMismatch], unlisted: Int)
    /// There was no answer that can be looked at, and why.
    case unanswered(String)
    /// It was not sent, since it may change data.
    case unsent
  }

  /// One example.
  package struct Checked: Sendable, Equatable {
    /// Path of its file within the folder.
    package var file: String
    package var endpoint: String
    package var status: Int
    package var outcome: Outcome
    /// What the example's request lacks, where that may be the reason.
    package var redacted: [String]

    package init(file: String, example: ContractExample, outcome: Outcome) {
      self.file = file
      endpoint = example.endpoint
      status = example.answer.status
      self.outcome = outcome
      redacted = example.redacted.filter { $0.hasPrefix("header ") }
    }
  }

  /// What the whole says.
  package enum Verdict: String, Sendable {
    case kept, broken
    /// Nothing was answered, so nothing is known.
    case unanswered
  }

  package var service: String
  package var checked: [Checked]

  package init(service: String, checked: [Checked]) {
    self.service = service
    self.checked = checked
  }

  package var verdict: Verdict {
    let sent = checked.filter { $0.outcome != .unsent }
    if sent.allSatisfy({ if case .unanswered = $0.outcome { true } else { false } }) {
      return .unanswered
    }
    return sent.allSatisfy { $0.outcome == .kept } ? .kept : .broken
  }

  private func count(_ isCounted: (Outcome) -> Bool) -> Int {
    checked.count { isCounted($0.outcome) }
  }

  private var counts: (kept: Int, broken: Int, unanswered: Int, unsent: Int) {
    (
      count { $0 == .kept }, count { if case .broken = $0 { true } else { false } },
      count { if case .unanswered = $0 { true } else { false } }, count { $0 == .unsent }
    )
  }

  /// For people: what is not kept, then how much is.
  package var text: String {
    var text = ""
    for each in checked {
      switch each.outcome {
      case .kept, .unsent: continue
      case .broken(let mismatches, let unlisted):
        text += "\(each.endpoint) \(each.status): broken (\(each.file))\n"
        text += mismatches.map { "  \($0)\n" }.joined()
        if unlisted > 0 { text += "  and \(unlisted) more\n" }
        text += Self.advice(each, mismatches)
      case .unanswered(let reason):
        text += "\(each.endpoint) \(each.status): no answer (\(each.file))\n  \(reason)\n"
      }
    }
    let counts = counts
    text += checked.count == 1 ? "1 example: " : "\(checked.count) examples: "
    text += "\(counts.kept) kept, \(counts.broken) broken"
    if counts.unanswered > 0 { text += ", \(counts.unanswered) without an answer" }
    if counts.unsent > 0 {
      text += ", \(counts.unsent) not sent: they may change data (--allow-unsafe)"
    }
    return text + "\n"
  }

  private static func advice(_ each: Checked, _ mismatches: [ContractMismatch]) -> String {
    guard !each.redacted.isEmpty,
      mismatches.contains(where: { $0.place == .status && ["401", "403"].contains($0.found) })
    else { return "" }
    let names = each.redacted.map { String($0.dropFirst("header ".count)) }
    return "  the recorded request had \(names.joined(separator: ", ")), which was left out; "
      + "give it with --header\n"
  }

  /// For programs; `fixtures/schemas` describes it.
  package var json: JSONValue {
    let counts = counts
    return .object([
      "schema": .string("strangler.contract-verification/1"), "service": .string(service),
      "verdict": .string(verdict.rawValue), "kept": .integer(counts.kept),
      "broken": .integer(counts.broken), "unanswered": .integer(counts.unanswered),
      "unsent": .integer(counts.unsent), "examples": .array(checked.map(Self.json)),
    ])
  }

  private static func json(_ each: Checked) -> JSONValue {
    var members: [String: JSONValue] = [
      "file": .string(each.file), "endpoint": .string(each.endpoint),
      "status": .integer(each.status),
    ]
    switch each.outcome {
    case .kept: members["outcome"] = .string("kept")
    case .unsent: members["outcome"] = .string("unsent")
    case .unanswered(let reason):
      members["outcome"] = .string("unanswered")
      members["reason"] = .string(reason)
    case .broken(let mismatches, let unlisted):
      members["outcome"] = .string("broken")
      members["mismatches"] = .array(mismatches.map(json))
      members["unlisted"] = .integer(unlisted)
    }
    return .object(members)
  }

  private static func json(_ mismatch: ContractMismatch) -> JSONValue {
    var members: [String: JSONValue] = [
      "kind": .string(mismatch.kind.rawValue), "expected": .string(mismatch.expected),
    ]
    switch mismatch.place {
    case .status: members["in"] = .string("status")
    case .header(let name):
      members["in"] = .string("header")
      members["header"] = .string(name)
    case .body(let pointer):
      members["in"] = .string("body")
      members["pointer"] = .string(pointer)
    }
    if let found = mismatch.found { members["found"] = .string(found) }
    return .object(members)
  }
}
