// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

struct ShadowEvidenceTests {
  private func answer(_ text: String, status: Int = 200) -> ComparedResponse {
    ComparedResponse(
      status: status, headers: [.init(name: "content-type", value: "application/json")],
      body: Array(text.utf8))
  }

  private func comparison(_ legacy: String, _ extracted: String, status: Int = 200) -> Comparison {
    ResponseComparator().compare(
      legacy: answer(legacy), extracted: answer(extracted, status: status))
  }

  @Test func tellsWhoIsOdd() {
    func verdict(_ legacy: Int, _ extracted: Int, _ again: Int) -> [OddOneOut] {
      Array(
        ResponseComparator().oddOneOut(
          legacy: answer("\(legacy)"), extracted: answer("\(extracted)"),
          legacyAgain: answer("\(again)")
        )?.values ?? [:].values)
    }
    #expect(verdict(1, 2, 1) == [.extracted])
    #expect(verdict(1, 2, 2) == [.legacy])
    #expect(verdict(1, 2, 3) == [.volatile])
    #expect(verdict(1, 1, 2) == [])
  }

  @Test func asksAgainOnlyWhenThereIsSomethingToLearn() {
    var evidence = ShadowEvidence()
    #expect(evidence.record(comparison("1", "1"), endpoint: "e", draw: 0.5) == .done)
    #expect(evidence.record(comparison("1", "2"), endpoint: "e", draw: 0.5) == .askLegacyAgain)
    #expect(
      evidence.record(comparison("1", "2", status: 500), endpoint: "e", draw: 0.5) == .done)
    let pathKind = PathKind(path: ResponsePath("body"), kind: .value)
    for _ in 0..<20 { evidence.recordTriples([pathKind: .extracted], endpoint: "e") }
    #expect(evidence.record(comparison("1", "2"), endpoint: "e", draw: 0.5) == .known)
    #expect(evidence.record(comparison("1", "2"), endpoint: "e", draw: 0.001) == .askLegacyAgain)
  }

  @Test func whatNobodyCanAskAboutIsUndecided() {
    var evidence = ShadowEvidence()
    func decision(_ canAskAgain: Bool, _ hasBudget: Bool) -> ShadowEvidence.Decision {
      evidence.record(
        comparison("1", "2"), endpoint: "e", canAskAgain: canAskAgain, hasBudget: hasBudget,
        draw: 0.5)
    }
    #expect(decision(false, true) == .undecided)
    #expect(decision(true, false) == .undecided)
    #expect(decision(true, true) == .askLegacyAgain)
    let pathKind = PathKind(path: ResponsePath("body"), kind: .value)
    for _ in 0..<20 { evidence.recordTriples([pathKind: .extracted], endpoint: "e") }
    #expect(decision(false, true) == .known)
  }

  @Test func reasksHaveABudget() {
    var evidence = ShadowEvidence(limits: EvidenceLimits(reaskShare: 0.05))
    var asked = 0
    for _ in 0..<2_000 {
      let decision = evidence.record(comparison("1", "2"), endpoint: "e", draw: 0.5)
      if decision == .askLegacyAgain { asked += 1 }
    }
    #expect(asked == 150)
    #expect(evidence.record(comparison("1", "1"), endpoint: "e", draw: 0.5) == .done)
    #expect(evidence.record(comparison("1", "2"), endpoint: "e", draw: 0.5) == .undecided)
    #expect(evidence.report().reasksOverBudget == 1_851)
  }

  @Test func countsWhatExceedsItsLimits() {
    var evidence = ShadowEvidence(limits: EvidenceLimits(endpoints: 1, pathKinds: 1))
    _ = evidence.record(comparison(#"{"a":1,"b":1}"#, "{}"), endpoint: "one", draw: 0.5)
    #expect(evidence.record(comparison("1", "1"), endpoint: "two", draw: 0.5) == .done)
    #expect(evidence.record(comparison("1", "2"), endpoint: "two", draw: 0.5) == .undecided)
    let report = evidence.report()
    #expect(report.endpoints.map(\.name) == ["one"])
    #expect(report.endpoints.first?.paths.count == 1)
    #expect(report.endpoints.first?.dropped == 1)
    #expect(report.droppedComparisons == 2)
  }

  @Test func printsCountsRatesAndExamples() {
    var evidence = ShadowEvidence()
    for _ in 0..<999 { _ = evidence.record(comparison("{}", "{}"), endpoint: "GET /a", draw: 0.5) }
    let different = comparison(#"{"total":1}"#, #"{"total":2}"#)
    _ = evidence.record(different, endpoint: "GET /a", draw: 0.5)
    let total = PathKind(path: ResponsePath("total"), kind: .value)
    evidence.recordTriples([total: .extracted], endpoint: "GET /a")
    #expect(
      evidence.report().text() == """
        1000 comparisons, legacy asked again 1 times

        GET /a: 1000 requests (999 matched, 1 mismatched), match rate 99.90 % [99.00, 100.00]
          undecided: total (value), 1 times; extracted odd 1, legacy odd 0, all different 0
            legacy 1
            extracted 2

        """)
  }
}
