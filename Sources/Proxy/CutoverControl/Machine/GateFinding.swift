// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// What a gate says, with the numbers it says it by.
package struct GateFinding: Sendable, Equatable, CustomStringConvertible {
  /// What a gate measures.
  package enum Subject: Sendable, Equatable {
    case errors
    case latency(quantile: Double)
    case mismatches
  }

  package let route: String
  package let subject: Subject
  /// What the bets are worth; above 1 speaks against the extracted side.
  package let evidence: Double
  /// Where the evidence rolls the cutover back.
  package let threshold: Double
  package let baseline: Baseline
  /// Counts of the stage.
  package let counts: BlockCounts
  /// All requests of the stage and all failures, of whichever user; for errors only.
  package let requests: BlockCounts?
  /// Comparisons of the stage that differ and of which nobody knows whose doing that is. The bets
  /// count them as neither's; a share of wrong answers among them is known to nobody, so they are
  /// no part of `counts`.
  package let undecided: Int

  init(
    _ route: String, _ subject: Subject, _ gate: Gate, _ baseline: Baseline,
    requests: BlockCounts? = nil, undecided: Int = 0
  ) {
    self.route = route
    self.subject = subject
    evidence = gate.evidence
    threshold = gate.threshold
    self.baseline = baseline
    var counts = gate.state.total
    counts.legacy -= min(undecided, counts.legacy)
    counts.extracted -= min(undecided, counts.extracted)
    self.counts = counts
    self.requests = requests
    self.undecided = undecided
  }

  package var hasFired: Bool { evidence >= threshold }
  /// Nearer to a rollback than another one.
  var weight: Double { evidence / threshold }

  /// Such as `orders: errors: extracted 12 of 240 (1.21 to 14.0 %), legacy 5 of 4,560 ...`.
  package var description: String {
    let what =
      switch subject {
      case .errors: "errors"
      case .latency(let quantile): "slower than legacy's p\(Self.text(quantile * 100))"
      case .mismatches: "mismatches"
      }
    let extracted = Self.rate(counts.extractedBad, counts.extracted)
    let measure =
      switch baseline {
      case .concurrentLegacy: "legacy \(Self.rate(counts.legacyBad, counts.legacy))"
      case .ceiling(let ceiling):
        "tolerated \(Self.text(ceiling * 100)) % (absolute gate only, cannot tell a shared incident)"
      }
    return "\(route): \(what): extracted \(extracted), \(measure); evidence "
      + "\(Self.text(evidence)) of \(Self.text(threshold))\(all)"
  }

  /// What people see in their own graphs, where it is not what was judged.
  private var all: String {
    if undecided > 0 { return "; \(undecided) more differ and are undecided" }
    guard let requests, requests != counts else { return "" }
    return "; of all requests \(requests.extractedBad) of \(requests.extracted) failed, legacy "
      + "\(requests.legacyBad) of \(requests.legacy)"
  }

  /// With all rates that the counts do not exclude, valid at every look.
  private static func rate(_ bad: Int, _ all: Int) -> String {
    let interval = MatchRate(matched: bad, total: all).interval()
    return "\(bad) of \(all) (\(text(interval.lowerBound * 100)) to "
      + "\(text(interval.upperBound * 100)) %)"
  }

  /// At most two decimals, which is what people can use.
  static func text(_ number: Double) -> String {
    let hundredths = Int((min(number, 1e12) * 100).rounded())
    let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
    if rest == 0 { return "\(whole)" }
    if rest % 10 == 0 { return "\(whole).\(rest / 10)" }
    return "\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}
