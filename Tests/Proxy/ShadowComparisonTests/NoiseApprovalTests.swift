// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

struct NoiseApprovalTests {
  private let comparison = Comparison(path: "servedAt")
  private var pathKind: PathKind { comparison.differences[0].pathKind }
  private var approval: NoiseApproval {
    NoiseApproval(
      endpoint: "e", pathKind: pathKind, actor: "ann", reason: "a clock", approvedAt: 1)
  }

  @Test func approvedDifferencesMakeNoMismatch() {
    var evidence = ShadowEvidence()
    evidence.approve(approval)
    #expect(evidence.record(comparison, endpoint: "e", draw: 0.5) == .done)
    _ = evidence.record(comparison, endpoint: "other", draw: 0.5)
    let report = evidence.report()
    #expect(report.endpoints.map { $0.outcomes[.ignored] } == [1, nil])
    #expect(report.endpoints.map { $0.paths.first?.approval?.actor } == ["ann", nil])
    #expect(report.text().contains("approved as noise by ann: a clock"))
  }

  @Test func whatIsNotApprovedStillCounts() {
    var evidence = ShadowEvidence()
    evidence.approve(approval)
    var both = comparison
    both.differences += Comparison(path: "total").differences
    #expect(evidence.record(both, endpoint: "e", draw: 0.5) == .askLegacyAgain)
    var more = comparison
    more.unlisted = 1
    #expect(evidence.record(more, endpoint: "e", draw: 0.5) == .undecided)
    #expect(evidence.report().endpoints.first?.outcomes == [.mismatched: 2])
  }

  @Test func anApprovalCanBeTakenBack() {
    var evidence = ShadowEvidence()
    evidence.approve(approval)
    evidence.revoke(pathKind, endpoint: "e")
    #expect(evidence.record(comparison, endpoint: "e", draw: 0.5) == .askLegacyAgain)
    #expect(evidence.report().endpoints.first?.outcomes == [.mismatched: 1])
  }

  @Test func evidenceAgainstAnApprovedPathStaysVisible() {
    var evidence = ShadowEvidence()
    _ = evidence.record(comparison, endpoint: "e", draw: 0.5)
    for _ in 0..<12 { evidence.recordTriples([pathKind: .extracted], endpoint: "e") }
    #expect(evidence.report().hasDifferences)
    evidence.approve(approval)
    #expect(evidence.report().endpoints.first?.paths.first?.label == .real)
    #expect(!evidence.report().hasDifferences)
  }

  @Test func whatNobodyCouldAskAboutIsADifference() {
    var evidence = ShadowEvidence()
    let decision = evidence.record(comparison, endpoint: "e", canAskAgain: false, draw: 0.5)
    #expect(decision == .undecided)
    #expect(evidence.report().hasDifferences)
    evidence.approve(approval)
    #expect(!evidence.report().hasDifferences)
  }

  @Test func whatLooksLikeNoiseIsOpenUntilSomebodyApproves() {
    var evidence = ShadowEvidence()
    #expect(evidence.record(comparison, endpoint: "e", draw: 0.5) == .askLegacyAgain)
    for _ in 0..<20 { evidence.recordTriples([pathKind: .volatile], endpoint: "e") }
    #expect(evidence.report().endpoints.first?.paths.first?.label == .noiseProposed)
    #expect(evidence.record(comparison, endpoint: "e", draw: 0.5) == .undecided)
    #expect(evidence.replaceApprovals([approval]) == ["e"])
    #expect(evidence.record(comparison, endpoint: "e", draw: 0.5) == .done)
    // The share that is looked at all the same, where nobody can be asked.
    #expect(evidence.record(comparison, endpoint: "e", canAskAgain: false, draw: 0) == .done)
    #expect(evidence.replaceApprovals([approval]).isEmpty)
    #expect(evidence.replaceApprovals([]) == ["e"])
  }

  @Test func anErrorOfTheExtractedSideIsADifference() {
    var evidence = ShadowEvidence()
    let error = Comparison(outcome: .extractedError, differences: [], ignored: [], unlisted: 0)
    #expect(!evidence.report().hasDifferences)
    _ = evidence.record(error, endpoint: "e", draw: 0.5)
    #expect(evidence.report().hasDifferences)
  }
}

struct EvidenceChangesTests {
  @Test func onlyWhatChangedIsHandedOverAndItAddsUp() throws {
    var evidence = ShadowEvidence()
    #expect(evidence.takeChanges() == nil)
    _ = evidence.record(Comparison(path: "a"), endpoint: "one", draw: 0.5)
    _ = evidence.record(Comparison(path: "b"), endpoint: "two", draw: 0.5)
    let first = evidence.takeChanges()
    var stored = try #require(first)
    #expect(stored.endpoints.keys.sorted() == ["one", "two"])
    _ = evidence.record(Comparison(path: "c"), endpoint: "two", draw: 0.5)
    evidence.recordDrop(.deadline, endpoint: "two")
    let second = evidence.takeChanges()
    let newer = try #require(second)
    #expect(
      newer.endpoints.mapValues { $0.pathKinds.keys.map(\.path.description) } == ["two": ["c"]])
    stored.replace(with: newer)
    #expect(evidence.takeChanges() == nil)
    var copy = ShadowEvidence()
    copy.merge(stored)
    #expect(copy.report() == evidence.report())
    copy.merge(stored)
    #expect(copy.report().comparisons == 6)
    #expect(copy.report().endpoints.last?.drops == [.deadline: 2])
  }

  @Test func triplesOfTwoRunsAreOneBody() {
    let comparison = Comparison(path: "a")
    func run() -> EvidenceChanges? {
      var evidence = ShadowEvidence()
      _ = evidence.record(comparison, endpoint: "e", draw: 0.5)
      for _ in 0..<6 {
        evidence.recordTriples([comparison.differences[0].pathKind: .extracted], endpoint: "e")
      }
      return evidence.takeChanges()
    }
    var both = ShadowEvidence()
    for changes in [run(), run()] { changes.map { both.merge($0) } }
    #expect(both.report().endpoints.first?.paths.first?.label == .real)
  }

  @Test func fewPairsOfEachPathAreWanted() {
    var evidence = ShadowEvidence(limits: EvidenceLimits(pairs: 2))
    var wanted = 0
    for _ in 0..<5 {
      _ = evidence.record(Comparison(path: "a"), endpoint: "e", draw: 0.5)
      if evidence.wantsPair(of: Comparison(path: "a"), endpoint: "e") { wanted += 1 }
    }
    #expect(wanted == 2)
    #expect(evidence.wantsPair(of: Comparison(path: "unseen"), endpoint: "e") == false)
  }

  @Test(arguments: [
    ("/orders/42?x=1", "GET /orders/{id}"), ("/", "GET /"), ("/a//b/", "GET /a//b/"),
    ("/u/8c6f1b0e-3f2a-4a77-9a55-0a1b2c3d4e5f", "GET /u/{id}"), ("/v1/orders", "GET /v1/orders"),
    ("/sku/GAR-0016", "GET /sku/GAR-0016"), ("/c/deadbeef01", "GET /c/{id}"),
    ("/c/decade", "GET /c/decade"), ("/s/SO-000184-2025-02-06", "GET /s/{id}"),
  ])
  func endpointsAreNamedByTheirPath(_ row: (String, String)) {
    #expect(EndpointName.of(method: "GET", target: row.0) == row.1)
  }
}
