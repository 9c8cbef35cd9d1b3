// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// What came of recording examples, for people and programs.
package struct ContractRecording: Sendable {
  private let folder: String
  private let files: [String]
  private let examples: [ContractExample]
  private let outcomes: [ContractRecorder.Outcome: Int]
  private let unwanted: Int

  /// - Parameters:
  ///   - files: of the examples that were added, in their order.
  ///   - unwanted: exchanges that no route or path takes.
  package init(
    folder: String, files: [String], examples: [ContractExample],
    outcomes: [ContractRecorder.Outcome: Int], unwanted: Int
  ) {
    self.folder = folder
    self.files = files
    self.examples = examples
    self.outcomes = outcomes
    self.unwanted = unwanted
  }

  private var known: Int { outcomes[.known] ?? 0 }

  /// Whether any exchange became an example, or is of the kind of one.
  package var isOfUse: Bool { !files.isEmpty || known > 0 }

  private var left: [(reason: ContractRecorder.Reason, count: Int)] {
    ContractRecorder.Reason.allCases.compactMap { reason in
      outcomes[.left(reason)].map { (reason, $0) }
    }
  }

  /// Exchanges that became none, by the reason.
  package var leftOut: [String] {
    left.map { "\($0.count) \($0.reason.rawValue)" }
      + (unwanted > 0 ? ["\(unwanted) that no route or path takes"] : [])
  }

  private var redacted: [String] { Set(examples.flatMap(\.redacted)).sorted() }

  /// For people.
  package var text: String {
    var text = zip(files, examples).map { file, example in
      "\(file)  \(example.endpoint) \(example.answer.status)\n"
    }.joined()
    text += "\(folder): \(files.count) added, \(known) of a kind that was there\n"
    text += leftOut.map { "left out: \($0)\n" }.joined()
    if !redacted.isEmpty { text += "not written: \(redacted.joined(separator: ", "))\n" }
    let unsafe = examples.count { !$0.request.isSafe }
    if unsafe > 0 {
      text +=
        "\(unsafe) may change data: strangler contracts verify sends them with "
        + "--allow-unsafe only\n"
    }
    return text
  }

  /// For programs; `fixtures/schemas` describes it.
  package var json: JSONValue {
    .object([
      "schema": .string("strangler.contract-recording/1"), "folder": .string(folder),
      "added": .array(
        zip(files, examples).map { file, example in
          .object([
            "file": .string(file), "endpoint": .string(example.endpoint),
            "status": .integer(example.answer.status), "safe": .bool(example.request.isSafe),
          ])
        }),
      "known": .integer(known), "unwanted": .integer(unwanted),
      "left": .array(
        left.map {
          .object(["reason": .string("\($0.reason)"), "count": .integer($0.count)])
        }),
      "redacted": .array(redacted.map { .string($0) }),
    ])
  }
}
