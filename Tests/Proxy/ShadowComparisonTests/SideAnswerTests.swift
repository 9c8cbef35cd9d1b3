// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

struct SideAnswerTests {
  private func answer(
    _ body: ComparedBody, type: String = "application/octet-stream", status: Int = 200
  ) -> ComparedResponse {
    ComparedResponse(
      status: status, headers: [.init(name: "content-type", value: type)], body: body)
  }

  @Test(arguments: AnswerFailure.allCases)
  func aSideThatGivesNoAnswerFailed(_ failure: AnswerFailure) {
    let comparator = ResponseComparator()
    let good = SideAnswer.response(answer(.whole([1])))
    #expect(
      comparator.compare(legacy: .failure(failure), extracted: good).outcome == .legacyError)
    #expect(
      comparator.compare(legacy: .failure(failure), extracted: .failure(failure)).outcome
        == .legacyError)
    let comparison = comparator.compare(legacy: good, extracted: .failure(failure))
    #expect(comparison.outcome == .extractedError)
    #expect(comparison.differences.map(\.extracted) == ["no answer: \(failure.rawValue)"])
    let broken = SideAnswer.response(answer(.whole([]), status: 500))
    #expect(
      comparator.compare(legacy: broken, extracted: .failure(failure)).outcome == .legacyError)
  }

  @Test func largeBodiesAreComparedByTheirDigest() {
    let comparator = ResponseComparator()
    let bytes = [UInt8](repeating: 7, count: 1_000)
    var digest = BodyDigest()
    for start in stride(from: 0, to: 1_000, by: 300) {
      digest.update(bytes[start..<min(start + 300, 1_000)])
    }
    #expect(digest == BodyDigest(bytes))
    let whole = answer(.whole(bytes), type: "application/json")
    let same = answer(.digest(digest), type: "application/json")
    #expect(comparator.compare(legacy: whole, extracted: same).outcome == .matched)
    let other = answer(.digest(BodyDigest(bytes + [0])), type: "application/json")
    let comparison = comparator.compare(legacy: whole, extracted: other)
    #expect(comparison.differences.map(\.pathKind.kind) == [.value])
    #expect(comparison.differences.first?.extracted?.hasPrefix("1001 bytes") == true)
    let nothing = comparator.compare(legacy: answer(.whole([])), extracted: other)
    #expect(nothing.differences.contains { $0.pathKind.kind == .presence })
  }

  @Test func textIsNotKeptWhereAnythingIsRedacted() {
    let comparator = ResponseComparator(rules: ComparisonRules(redact: [PathPattern("email")]))
    let comparison = comparator.compare(
      legacy: answer(.whole(Array("ann@example".utf8)), type: "text/plain"),
      extracted: answer(.whole(Array("bob@example".utf8)), type: "text/plain"))
    #expect(comparison.outcome == .mismatched)
    #expect(!"\(comparison)".contains("example"))
  }
}
