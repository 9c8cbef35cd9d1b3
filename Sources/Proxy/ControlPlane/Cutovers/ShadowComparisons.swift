// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
package import ProxyDataPlane
internal import ShadowComparison
internal import Synchronization

/// What live shadows found, as the mismatch gate counts it.
///
/// A request is held against a side where that side is the odd one out of three answers, or fails
/// where the other one does not. A difference that nobody could ask about again may be noise, and
/// may be not: no gate takes it for a reason to go back, and none to go on.
package final class ShadowComparisons: CutoverComparisons {
  /// Each route that shadows, with its numbers since the proxy started.
  package typealias Tallies = @Sendable () -> [(route: String, tally: ShadowTally)]

  private let tallies: Tallies
  private let evidence: LiveEvidence?
  private let told = Mutex<[String: CompareCounts]>([:])

  package convenience init(_ tallies: @escaping Tallies) { self.init(nil, tallies) }

  /// - Parameter evidence: knows what people ruled to be noise; nil where nobody can rule.
  init(_ evidence: LiveEvidence?, _ tallies: @escaping Tallies) {
    self.evidence = evidence
    self.tallies = tallies
  }

  package func take() -> [String: CompareCounts] {
    let tallies = tallies()
    return told.withLock { told in
      var news: [String: CompareCounts] = [:]
      for (route, tally) in tallies {
        let total = CompareCounts(tally)
        let more = total.since(told.updateValue(total, forKey: route))
        if more != CompareCounts() { news[route] = more }
      }
      return news
    }
  }

  package var rulings: NoiseRulings? {
    guard let evidence else { return NoiseRulings([]) }
    return evidence.rulings
  }

  package func lookUpRulings() async { await evidence?.lookUpRulings() }
}

extension CompareCounts {
  fileprivate init(_ tally: ShadowTally) {
    let extractedErrors = tally.outcomes[.extractedError] ?? 0
    func sides(_ sides: ShadowTally.Sides) -> CompareCounts.Sides {
      CompareCounts.Sides(
        extracted: Int(clamping: sides.extracted + extractedErrors),
        legacy: Int(clamping: sides.legacy + tally.legacyFailedAlone))
    }
    self.init(
      compared: Int(clamping: tally.judged), odd: sides(tally.odd), telling: sides(tally.telling),
      undecided: Int(clamping: tally.undecided))
  }
}
