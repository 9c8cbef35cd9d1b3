// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import ShadowComparison
import ShadowEvidenceStore

/// A writer of evidence that a test kills at any moment: `shadow-crash-child FILE` compares for
/// ever, writes a batch after each five comparisons and then says how many there are.
@main
struct ShadowCrashChild {
  static func main() async throws {
    guard CommandLine.arguments.count == 2 else {
      FileHandle.standardError.write(Data("usage: FILE\n".utf8))
      exit(64)
    }
    let store = try ShadowEvidenceStore(path: CommandLine.arguments[1], creates: true)
    let run = try await store.begin(.live, legacy: "legacy", extracted: "extracted", at: 1)
    let writer = EvidenceWriter(
      store: store, run: run, logger: Logger(label: "child") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { 2 })
    var evidence = ShadowEvidence()
    let comparator = ResponseComparator()
    let recorder = PairRecorder(rules: ComparisonRules())
    var batch = 0
    while true {
      batch += 1
      for number in 1...5 {
        let legacy = SideAnswer.response(answer(#"{"total":1}"#))
        let extracted = SideAnswer.response(answer(#"{"total":\#(batch + number)}"#))
        let comparison = comparator.compare(legacy: legacy, extracted: extracted)
        _ = evidence.record(comparison, endpoint: "GET /orders/{id}", draw: 0.5)
        evidence.recordTriples(
          [PathKind(path: ResponsePath("total"), kind: .value): .extracted],
          endpoint: "GET /orders/{id}")
        writer.submit(
          &evidence,
          pair: recorder.pair(
            endpoint: "GET /orders/{id}", method: "GET", target: "/orders/\(batch)",
            comparedAt: 2, legacy: legacy, extracted: extracted, comparison: comparison))
      }
      try await writer.flush()
      FileHandle.standardOutput.write(Data("\(batch)\n".utf8))
    }
  }

  private static func answer(_ json: String) -> ComparedResponse {
    ComparedResponse(
      status: 200, headers: [.init(name: "content-type", value: "application/json")],
      body: Array(json.utf8))
  }
}
