// SPDX-License-Identifier: Apache-2.0

extension ShadowReport {
  /// The report for a terminal: one block per endpoint, one line and an example per path.
  public func text() -> String {
    var lines = [
      "\(comparisons) comparisons, legacy asked again \(reasks) times"
        + (reasksOverBudget > 0 ? " (\(reasksOverBudget) more exceeded the budget)" : "")
    ]
    if droppedComparisons > 0 {
      lines.append("\(droppedComparisons) comparisons of endpoints beyond the limit were dropped")
    }
    for endpoint in endpoints {
      lines.append("")
      lines.append(endpoint.headline)
      lines += endpoint.paths.flatMap(\.lines)
      if endpoint.dropped > 0 {
        lines.append("  \(endpoint.dropped) differences beyond the limits are not listed")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ShadowReport.Endpoint {
  fileprivate var headline: String {
    let counts = Comparison.Outcome.allCases.compactMap { outcome in
      outcomes[outcome].map { "\($0) \(outcome.rawValue)" }
    }
    var headline = "\(name): \(requests) requests (\(counts.joined(separator: ", ")))"
    if let observed = matchRate.observed {
      let interval = matchRate.interval()
      headline += ", match rate \(percent(observed)) %"
      headline += " [\(percent(interval.lowerBound)), \(percent(interval.upperBound))]"
    }
    return headline
  }
}

extension ShadowReport.Path {
  fileprivate var lines: [String] {
    let triples =
      evidence.triples == 0
      ? "never asked again"
      : "extracted odd \(evidence.extractedOdd), legacy odd \(evidence.legacyOdd), "
        + "all different \(evidence.volatile)"
    return [
      "  \(label.rawValue): \(pathKind.path) (\(pathKind.kind.rawValue)), \(count) times; \(triples)",
      "    legacy \(example.legacy ?? "(nothing)")",
      "    extracted \(example.extracted ?? "(nothing)")",
    ]
  }
}

/// A share as percent with two decimals, rounded half up.
private func percent(_ share: Double) -> String {
  let hundredths = Int((share * 10_000).rounded())
  let decimals = String(hundredths % 100)
  return "\(hundredths / 100)." + (decimals.utf8.count == 1 ? "0" : "") + decimals
}
