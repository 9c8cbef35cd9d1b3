// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// `18 of 32 runs`, from the share of the runs in which a type keeps its place.
func keptRuns(_ stability: Double, of runs: Int) -> String {
  "\(Int((stability * Double(runs)).rounded())) of \(counted(runs, "run"))"
}

/// What reports say about doubts, in sentences with numbers and places.
struct DoubtSentences {
  private static let named = 3

  private let doubts: Doubts
  private let cuts: Int
  private let runs: Int
  private let settling: String

  init(_ suggestion: BoundarySuggestion) {
    settling = Self.settling(suggestion)
    doubts = suggestion.doubts
    cuts = suggestion.cuts.count
    runs = suggestion.quality.runs
  }

  /// How the references were found.
  var references: String {
    guard doubts.references > 0 else { return "no reference was found." }
    guard doubts.syntactic > 0 else {
      return "the compiler knows all \(counted(doubts.references, "reference"))."
    }
    let all = counted(doubts.references, "reference")
    let syntactic =
      doubts.syntactic == doubts.references
      ? "\(all) \(doubts.references == 1 ? "is" : "are")"
      : "\(doubts.syntactic) of \(all) \(doubts.syntactic == 1 ? "is" : "are")"
    var text = "\(syntactic) read from syntax alone, \(settling)"
    if doubts.byNameAlone > 0 {
      text +=
        "; \(doubts.byNameAlone) of them \(doubts.byNameAlone == 1 ? "is" : "are") told by a "
        + "member's name alone, because the type of its owner could not be found out"
    }
    return text + "."
  }

  /// What would tell more than was asked already.
  private static func settling(_ suggestion: BoundarySuggestion) -> String {
    let tiers = Set(suggestion.coverage.tiers.map(\.name))
    if tiers.contains(.buildIndex) { return "where the index of the build tells nothing" }
    if tiers.contains(.compilerIndex) { return "which `--index` after a build would settle" }
    return suggestion.findings.contains { $0.id.hasPrefix("index-") }
      ? "because no index could be used" : "which `--index` or `--precise` would settle"
  }

  /// Cuts that may be none.
  var uncertainCuts: String {
    let places = doubts.uncertainCuts
    guard !places.isEmpty else { return "" }
    return "\(places.count) of \(counted(cuts, "place")) to cut "
      + "\(places.count == 1 ? "rests" : "rest") on a name alone: "
      + Self.listed(places.map(\.text), most: Self.named) + "."
  }

  /// Types that could stand elsewhere.
  func placements(most: Int = 5) -> String {
    let types = doubts.placements
    guard !types.isEmpty else { return "" }
    let pulled = types.count { $0.isPulledAway }
    let names = types.map { named($0) }
    return "\(counted(types.count, "type")) could as well stand elsewhere"
      + (pulled == 0 ? "" : ", \(pulled) of them tied more to another service than to their own")
      + ": " + Self.listed(names, most: most) + "."
  }

  /// Types that nothing ties.
  var untied: String {
    let types = doubts.untied
    guard !types.isEmpty else { return "" }
    let names = types.map { "\($0.type) in \($0.service) (\($0.location.text))" }
    return "\(counted(types.count, "type")) \(types.count == 1 ? "is" : "are") tied to no service "
      + "by any reference, table or route, only by folder and name: "
      + Self.listed(names, most: Self.named) + "."
  }

  /// All of it.
  var all: [String] { [references, uncertainCuts, placements(), untied].filter { !$0.isEmpty } }

  /// `AuditLog in orders (there in 18 of 32 runs, or payments; Sources/Audit.swift:3:8)`.
  private func named(_ placement: Doubts.Placement) -> String {
    let rival = placement.rival.map { ", or \($0)" } ?? ""
    return "\(placement.type) in \(placement.service) (there in "
      + "\(keptRuns(placement.stability, of: runs))\(rival); \(placement.location.text))"
  }

  static func listed(_ items: [String], most: Int) -> String {
    let rest = items.count - most
    return items.prefix(most).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
