// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

/// Answers name their own members, and nobody bounds how.
struct BoundedEvidenceTests {
  private static func answer(_ text: String) -> ComparedResponse {
    ComparedResponse(
      status: 200, headers: [.init(name: "content-type", value: "application/json")],
      body: Array(text.utf8))
  }

  private static func compare(_ legacy: String, _ extracted: String) -> Comparison {
    ResponseComparator().compare(legacy: answer(legacy), extracted: answer(extracted))
  }

  private static let mostBytes = ResponsePath.mostBytes + 24

  @Test func aPathIsNeverLongAndStillItsOwn() throws {
    let name = String(repeating: "é", count: 40_000)
    let found = Self.compare(
      #"{"\#(name)a":{"x":1},"\#(name)b":1,"\#(name)c":[{"y":1}]}"#,
      #"{"\#(name)a":{"x":2},"\#(name)b":2,"\#(name)c":[{"y":2}]}"#)
    let paths = found.differences.map(\.pathKind.path)
    #expect(Set(paths).count == 3)
    for path in paths {
      #expect(path.description.utf8.count <= Self.mostBytes)
      #expect(path.isCut && !path.description.contains("\u{FFFD}"))
      // Read back from a store, and written again.
      #expect(ResponsePath(path.description) == path)
      #expect(path.member("more") != path && path.member("more").isCut)
    }
    let endpoint = EndpointName.of(method: "GET", target: "/" + name)
    #expect(endpoint.utf8.count <= Self.mostBytes)
    #expect(endpoint != EndpointName.of(method: "GET", target: "/" + name + "a"))
    let short = ResponsePath.root.member(String(repeating: "a", count: ResponsePath.mostBytes))
    #expect(!short.isCut && short.elements.isCut)
  }

  @Test(
    arguments: [
      ["items", nil, "price"], ["a.b", "c"], ["a\"].b", "c\\"], ["", "*"], [nil, "x[0]", nil, nil],
    ] as [[String?]])
  func aPathCanBeTakenApart(_ names: [String?]) {
    var path = ResponsePath.root
    for name in names { path = name.map { path.member($0) } ?? path.elements }
    #expect(path.steps.map(\.name) == names)
    #expect(path.steps.map(\.text).joined() == path.description)
  }

  /// `{"<id>": {"total": 1}}`: one key in each answer, never the same.
  @Test func keysOfRecordsAreOnePlace() throws {
    var evidence = ShadowEvidence()
    let endpoint = "GET /carts"
    for id in 1_000..<1_400 {
      let found = Self.compare(#"{"\#(id)":{"total":1}}"#, #"{"\#(id)":{"total":2}}"#)
      let decision = evidence.record(found, endpoint: endpoint, draw: 0.5)
      if decision == .askLegacyAgain {
        evidence.recordTriples(
          Dictionary(uniqueKeysWithValues: found.differences.map { ($0.pathKind, .extracted) }),
          endpoint: endpoint)
      }
    }
    let report = evidence.report()
    let paths = try #require(report.endpoints.first?.paths)
    #expect(paths.count == MemberNames.mostSiblings + 1)
    let folded = try #require(paths.first { $0.pathKind.path.description == "*.total" })
    #expect(folded.count == 350 && folded.label == .real)
    #expect(report.endpoints.first?.dropped == 0)
    let late = Self.compare(#"{"7":{"total":1}}"#, #"{"7":{"total":2}}"#)
    #expect(
      evidence.folded(late, endpoint: endpoint).differences.map(\.pathKind) == [
        folded.pathKind
      ])
    evidence.approve(
      NoiseApproval(
        endpoint: endpoint, pathKind: folded.pathKind, actor: "a", reason: "b", approvedAt: 0))
    #expect(evidence.record(late, endpoint: endpoint, draw: 0.5) == .done)
    let held = evidence.recordTriples(
      [late.differences[0].pathKind: .extracted], endpoint: endpoint)
    #expect(held == FiledTriples())
    // The head of an answer is no member of an object.
    var status = late
    status.differences[0].pathKind.path = .status
    #expect(evidence.folded(status, endpoint: endpoint) == status)
  }

  @Test(
    arguments: [
      ([OddOneOut.extracted, .volatile], OddOneOut.extracted), ([.legacy, .volatile], .legacy),
      ([.extracted, .legacy], .volatile), ([.volatile, .volatile], .volatile),
    ] as [([OddOneOut], OddOneOut)])
  func namesThatAreOnePlaceHaveOneVerdict(_ verdicts: [OddOneOut], _ expected: OddOneOut) {
    var evidence = ShadowEvidence()
    for name in 0...MemberNames.mostSiblings {
      _ = evidence.record(Comparison(path: "m\(name)"), endpoint: "e", draw: 0.5)
    }
    let triples = verdicts.enumerated().map { number, verdict in
      (PathKind(path: ResponsePath("late\(number)"), kind: .value), verdict)
    }
    let one = PathKind(path: ResponsePath("*"), kind: .value)
    let filed = evidence.recordTriples(Dictionary(uniqueKeysWithValues: triples), endpoint: "e")
    var verdict = NoiseEvidence()
    verdict.add(expected)
    let path = evidence.report().endpoints.first?.paths.first { $0.pathKind == one }
    #expect(path?.evidence == verdict && filed.isOpen == (expected == .volatile))
  }

  @Test func whatFindsNoRoomIsCountedAndSaid() throws {
    var evidence = ShadowEvidence(limits: EvidenceLimits(bytes: 40_000))
    for endpoint in 0..<100 {
      for path in 0..<20 {
        _ = evidence.record(
          Comparison(path: "p\(path).x"), endpoint: "GET /\(endpoint)", draw: 0.5)
      }
    }
    let report = evidence.report()
    #expect((1...20).contains(report.endpoints.count))
    let paths = report.endpoints.flatMap(\.paths)
    let counted = paths.reduce(0) { $0 + $1.count }
    let dropped = report.endpoints.reduce(0) { $0 + $1.dropped }
    #expect(paths.count > 20 && paths.count * 256 < 40_000)
    #expect(counted + dropped + report.droppedComparisons == 2_000)
    #expect(report.text().contains("comparisons of endpoints beyond the limit were dropped"))
    // The same holds when runs are added up.
    var sum = ShadowEvidence(limits: EvidenceLimits(bytes: 10_000))
    let changes = evidence.takeChanges()
    sum.merge(try #require(changes))
    #expect(sum.report().endpoints.flatMap(\.paths).count * 256 < 10_000)
  }

  @Test func aReportListsTheMostAlarmingPaths() {
    var evidence = ShadowEvidence()
    for endpoint in 0..<6 {
      for path in 0..<400 {
        _ = evidence.record(
          Comparison(path: "a\(path / 20).b\(path % 20)"), endpoint: "GET /\(endpoint)", draw: 0.5)
      }
    }
    let real = PathKind(path: ResponsePath("a19.b19"), kind: .value)
    for _ in 0..<12 { evidence.recordTriples([real: .extracted], endpoint: "GET /5") }
    let report = evidence.report()
    #expect(report.endpoints.reduce(0) { $0 + $1.paths.count } == ShadowReport.mostPaths)
    #expect(report.endpoints.reduce(0) { $0 + $1.dropped } == 2_400 - ShadowReport.mostPaths)
    #expect(report.hasDifferences)
    #expect(report.paths(labelled: [.real]).map(\.path.pathKind) == [real])
  }

  @Test func manyChangedLinesAreNotMatched() {
    let (legacy, extracted) = ((0..<5_000).map { "l\($0)" }, (0..<4_000).map { "e\($0)" })
    let rows = SideBySide(
      legacy: ["same"] + legacy + ["end"], extracted: ["same"] + extracted + ["end"]
    ).rows
    #expect(rows.count == 5_002)
    #expect(rows.first == .same("same") && rows.last == .same("end"))
    #expect(rows[1] == .changed(legacy: "l0", extracted: "e0"))
    #expect(rows[5_000] == .changed(legacy: "l4999", extracted: nil))
  }

  @Test func whatIsKeptOfAPairIsBounded() {
    let long = String(repeating: "x", count: 100_000)
    let rules = ComparisonRules(headers: ["location"])
    let answer = ComparedResponse(
      status: 302, headers: [.init(name: "location", value: "/" + long)])
    let pair = PairRecorder(rules: rules).pair(
      endpoint: "GET /", method: "GET", target: "/" + long, comparedAt: 0,
      legacy: .response(answer), extracted: .response(answer),
      comparison: Self.compare(#"{"\#(long)":1}"#, #"{"\#(long)":2}"#))
    #expect(pair.bytes < 10_000)
  }
}
