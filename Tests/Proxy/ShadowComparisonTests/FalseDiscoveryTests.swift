// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

struct FalseDiscoveryTests {
  /// Evidence values; with four of them the k-th must reach 4 / (k * 0.05) = 80, 40, 26.7, 20.
  @Test(
    arguments: [
      ([80.1, 1, 1, 1], [0]), ([79.9, 1, 1, 1], []), ([50, 1, 45, 1], [0, 2]),
      ([30, 30, 30, 1], [0, 1, 2]), ([21, 21, 21, 21], [0, 1, 2, 3]), ([19, 19, 19, 19], []),
      ([1e9], [0]), ([], []),
    ] as [([Double], Set<Int>)])
  func believesTheLargestWhoseShareOfWrongOnesIsBounded(_ row: ([Double], Set<Int>)) {
    #expect(FalseDiscoveries.believed(lnEvidence: row.0.map { Real.ln($0) }) == row.1)
  }

  @Test func aReportMarksWhatIsBelieved() {
    var evidence = ShadowEvidence()
    let lone = Comparison(path: "total")
    _ = evidence.record(lone, endpoint: "e", draw: 0.5)
    for _ in 0..<6 {
      evidence.recordTriples([lone.differences[0].pathKind: .extracted], endpoint: "e")
    }
    #expect(evidence.report().endpoints.first?.paths.first?.isBelieved == true)
    // Six triples are worth 27; beside eleven others it takes 240.
    for number in 0..<11 {
      _ = evidence.record(Comparison(path: "noise\(number)"), endpoint: "e", draw: 0.5)
    }
    let total = evidence.report().endpoints.first?.paths.first
    #expect(total?.label == .likely)
    #expect(total?.isBelieved == false)
    #expect(evidence.report().text().contains("beside so many other paths it may still be noise"))
  }
}

extension Comparison {
  /// A mismatch of one value.
  init(path: String) {
    let pathKind = PathKind(path: ResponsePath(path), kind: .value)
    self.init(
      outcome: .mismatched,
      differences: [Difference(pathKind: pathKind, legacy: "1", extracted: "2")], ignored: [],
      unlisted: 0)
  }
}
