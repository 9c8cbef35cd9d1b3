// SPDX-License-Identifier: Apache-2.0

extension ShadowReport {
  /// The report for a terminal: one block per endpoint, one line and an example per path.
  public func text() -> String {
    var lines = heading.map { [$0] } ?? []
    lines += [
      "\(comparisons) comparisons, legacy asked again \(reasks) times"
        + (reasksOverBudget > 0 ? " (\(reasksOverBudget) more exceeded the budget)" : "")
    ]
    if droppedComparisons > 0 {
      lines.append("\(droppedComparisons) comparisons of endpoints beyond the limit were dropped")
    }
    for endpoint in endpoints {
      lines.append("")
      lines.append(endpoint.headline)
      lines += [endpoint.latencyLine, endpoint.dropLine].compactMap { $0 }
      lines += endpoint.paths.flatMap(\.lines)
      if endpoint.dropped > 0 {
        lines.append("  \(endpoint.dropped) differences beyond the limits are not listed")
      }
    }
    return lines.map(VisibleText.of).joined(separator: "\n") + "\n"
  }
}

extension ShadowReport.Endpoint {
  /// Name, counts and match rate in one line.
  var headline: String {
    let counts = Comparison.Outcome.allCases.compactMap { outcome in
      outcomes[outcome].map { "\($0) \(outcome.rawValue)" }
    }
    if counts.isEmpty { return "\(name): nothing compared" }
    var headline = "\(name): \(requests) requests (\(counts.joined(separator: ", ")))"
    if let observed = matchRate.observed {
      let interval = matchRate.interval()
      headline += ", match rate \(percent(observed)) %"
      headline += " [\(percent(interval.lowerBound)), \(percent(interval.upperBound))]"
    }
    return headline
  }
}

extension ShadowReport.Endpoint {
  var latencyLine: String? {
    latency.map { latency in
      "  median \(milliseconds(latency.legacyMedian)) ms on legacy, "
        + "\(milliseconds(latency.extractedMedian)) ms extracted; 95 % within "
        + "\(milliseconds(latency.legacyP95)) ms and \(milliseconds(latency.extractedP95)) ms"
    }
  }

  var dropLine: String? {
    guard !drops.isEmpty else { return nil }
    let counts = DropReason.allCases.compactMap { reason in
      drops[reason].map { "\($0) \(reason.rawValue)" }
    }
    return "  not compared: \(counts.joined(separator: ", "))"
  }
}

extension ShadowReport.Path {
  /// What asking legacy again brought.
  var triples: String {
    evidence.triples == 0
      ? "never asked again"
      : "extracted odd \(evidence.extractedOdd), legacy odd \(evidence.legacyOdd), "
        + "all different \(evidence.volatile)"
  }

  fileprivate var lines: [String] {
    var lines = [
      "  \(label.rawValue): \(pathKind.path) (\(pathKind.kind.rawValue)), \(count) times; \(triples)",
      "    legacy \(example.legacy ?? "(nothing)")",
      "    extracted \(example.extracted ?? "(nothing)")",
    ]
    if label <= .likely, !isBelieved {
      lines.append("    beside so many other paths it may still be noise")
    }
    if let approval {
      lines.append("    approved as noise by \(approval.actor): \(approval.reason)")
    }
    if !pairs.isEmpty {
      lines.append("    pairs \(pairs.map(String.init).joined(separator: ", "))")
    }
    return lines
  }
}

/// Answers are strangers' text: what a terminal would obey is shown as a mark instead.
enum VisibleText {
  static func of(_ line: String) -> String {
    guard line.unicodeScalars.contains(where: isControl) else { return line }
    var visible = ""
    for scalar in line.unicodeScalars {
      visible.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
    }
    return visible
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }
}

/// Microseconds as milliseconds with one decimal.
func milliseconds(_ microseconds: Int) -> String {
  let tenths = (microseconds + 50) / 100
  return "\(tenths / 10).\(tenths % 10)"
}

/// A share as percent with two decimals, rounded half up.
func percent(_ share: Double) -> String {
  let hundredths = Int((share * 10_000).rounded())
  let decimals = String(hundredths % 100)
  return "\(hundredths / 100)." + (decimals.utf8.count == 1 ? "0" : "") + decimals
}
