// SPDX-License-Identifier: Apache-2.0

import BadReleases

/// A row for each fault.
struct TrialTable {
  /// Answers of the bad kind before a release that fails is taken back.
  private static let mostBad = (median: 12, p95: 20)

  private let outcomes: [TrialOutcome]

  init(_ outcomes: [TrialOutcome]) { self.outcomes = outcomes }

  var isAsDemanded: Bool { Fault.allCases.allSatisfy { isAsDemanded($0) } }

  var text: String {
    let rows = Fault.allCases.filter { !of($0).isEmpty }.map(row)
    let heads = [line(Self.columns.map(\.title)), line(Self.columns.map(\.unit))]
    return (heads + rows).joined(separator: "\n") + "\n" + reasons
  }

  /// A negative width is that of a column whose cells begin at the left.
  private static let columns: [(title: String, unit: String, width: Int)] = [
    ("fault", "", -10), ("as demanded", "", 13), ("rolled back", "", 13), ("promoted", "", 10),
    ("bad answers", "median/p95", 13), ("seconds to decision", "median/p95", 21),
    ("then to zero", "largest", 14), ("asked again", "fewest", 13), ("called real", "", 13),
    ("  demand", "", -8),
  ]

  private func of(_ fault: Fault) -> [TrialOutcome] { outcomes.filter { $0.fault == fault } }

  private func isAsDemanded(_ fault: Fault) -> Bool {
    let all = of(fault)
    guard all.allSatisfy(\.isAsDemanded) else { return false }
    guard fault == .errors, !all.isEmpty else { return true }
    let bad = all.map { Double($0.bad) }
    return quantile(bad, 0.5) <= Double(Self.mostBad.median)
      && quantile(bad, 0.95) <= Double(Self.mostBad.p95)
  }

  private func row(_ fault: Fault) -> String {
    let all = of(fault)
    let seconds = all.compactMap(\.seconds)
    let bad = all.map { Double($0.bad) }
    return line([
      fault.rawValue, isAsDemanded(fault) ? "yes" : "NO",
      "\(all.count(where: \.isRolledBack)) of \(all.count)",
      "\(all.count(where: \.isPromoted))", fault.isOfRelease ? pair(bad, 0) : "-",
      seconds.isEmpty ? "-" : pair(seconds, 1),
      all.compactMap(\.secondsToZero).max().map { number($0, 2) } ?? "-",
      fault.isOfContent ? "\(all.map(\.askedAgain).min() ?? 0)" : "-",
      fault.isOfContent ? "\(Set(all.flatMap(\.realPaths)).count)" : "-", "  " + demand(fault),
    ])
  }

  private func demand(_ fault: Fault) -> String {
    guard fault == .errors else { return fault.demand }
    return fault.demand + ", bad answers at most \(Self.mostBad.median)/\(Self.mostBad.p95)"
  }

  private func line(_ cells: [String]) -> String {
    zip(cells, Self.columns).map { padded(($0, $1.width)) }.joined()
  }

  private var reasons: String {
    Fault.allCases.flatMap { Set(of($0).map(\.reason)).sorted().prefix(2) }
      .map { "  " + $0 + "\n" }.joined()
  }

  private func pair(_ values: [Double], _ digits: Int) -> String {
    number(quantile(values, 0.5), digits) + "/" + number(quantile(values, 0.95), digits)
  }

  /// The smallest value that at least `share` of the values do not exceed; of none there is none.
  private func quantile(_ values: [Double], _ share: Double) -> Double {
    if values.isEmpty { return .nan }
    let sorted = values.sorted()
    let rank = Int((Double(sorted.count) * share).rounded(.up))
    return sorted[max(0, min(sorted.count, rank) - 1)]
  }

  private func number(_ value: Double, _ digits: Int) -> String {
    let scale = digits == 0 ? 1.0 : digits == 1 ? 10 : 100
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? Int(exactly: rounded).map { "\($0)" } ?? "-" : "\(rounded)"
  }

  private func padded(_ cell: (text: String, width: Int)) -> String {
    let blanks = String(repeating: " ", count: max(0, abs(cell.width) - cell.text.count))
    return cell.width < 0 ? cell.text + blanks : blanks + cell.text
  }
}
