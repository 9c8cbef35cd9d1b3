// SPDX-License-Identifier: Apache-2.0

extension Verdict {
  /// Units below which a split is not worth its operation.
  static let leastUnits = 12
  /// Modularity that says the code falls into areas at all (Newman, Girvan 2004 name 0.3 as the
  /// lower end of what real communities show).
  static let leastModularity = 0.3
  /// Agreement under noise below which the borders are arbitrary.
  static let leastStability = 0.5
  /// Part of the references that may cross borders.
  static let mostCrossing = 0.5

  /// - Parameters:
  ///   - units: separable types that were divided.
  ///   - types: types found.
  ///   - serves: whether a route is answered or a job runs.
  static func judge(_ quality: Quality, units: Int, types: Int, serves: Bool) -> Verdict {
    var doubts: [String] = []
    if units == 0 {
      return Verdict(
        decision: .doNotSplit, reason: "No types were found, so there is nothing to split.")
    }
    guard serves else {
      return Verdict(
        decision: .doNotSplit,
        reason: "Keep it whole: no route is answered and no job or consumer runs in "
          + "\(types == 1 ? "its only type" : "any of its \(types) types"), so nothing is served "
          + "that could move to a service. It is a library: release it as one.")
    }
    let crossing = Double(quality.crossingReferences) / Double(max(1, quality.references))
    if quality.services < 2 { doubts.append("the code forms a single area") }
    if units < leastUnits {
      doubts.append("\(units) separable types are fewer than \(leastUnits)")
    }
    if quality.modularity < leastModularity {
      doubts.append(
        "modularity \(decimal(quality.modularity)) is below \(decimal(leastModularity))")
    }
    if quality.stability < leastStability {
      doubts.append(
        "the borders move under noise (stability \(decimal(quality.stability)) "
          + "is below \(decimal(leastStability)))")
    }
    if crossing > mostCrossing {
      doubts.append(
        "\(percent(crossing)) of the references would cross borders "
          + "(at most \(percent(mostCrossing)) is bearable)")
    }
    guard doubts.isEmpty else {
      return Verdict(
        decision: .doNotSplit, reason: "Do not split yet: " + doubts.joined(separator: "; ") + ".")
    }
    return Verdict(
      decision: .split,
      reason: "Split into \(counted(quality.services, "service")): "
        + "\(percent(1 - crossing)) of \(counted(quality.references, "reference")) stay inside "
        + "them, "
        + "modularity is \(decimal(quality.modularity)), and \(counted(quality.runs, "run")) with "
        + "noise \(quality.runs == 1 ? "agrees" : "agree") with the borders at "
        + "\(decimal(quality.stability)) of 1."
    )
  }
}

/// Two decimals, rounded half away from zero; the standard library alone has no format for it.
package func decimal(_ value: Double) -> String {
  guard value.isFinite else { return "-" }
  let hundredths = Int((abs(value) * 100).rounded())
  let sign = value < 0 && hundredths > 0 ? "-" : ""
  let rest = hundredths % 100
  return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}

/// Whole percent.
package func percent(_ share: Double) -> String {
  share.isFinite ? "\(Int((share * 100).rounded())) %" : "-"
}
