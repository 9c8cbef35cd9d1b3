// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// What reports say about a service, in sentences with numbers.
struct ServiceSentences {
  private static let named = 3

  let service: Service
  private let cuts: [Cut]
  private let runs: Int
  private let services: [Service]

  /// - Parameter cuts: what crosses the service's border.
  init(_ service: Service, _ suggestion: BoundarySuggestion, _ cuts: [Cut]) {
    self.service = service
    self.cuts = cuts
    runs = suggestion.quality.runs
    services = suggestion.services
  }

  /// How its price compares, and why a cheaper service is not first; empty for a single service.
  var comparison: String {
    let places = counted(service.effort.places, "place") + " to cut"
    let byPrice = services.filter { $0.name != service.name }.sorted {
      ($0.effort.places, $0.order) < ($1.effort.places, $1.order)
    }
    guard let cheapest = byPrice.first, let dearest = byPrice.last else { return "" }
    guard cheapest.effort.places < service.effort.places else {
      return "\(places), the fewest of all services; \(dearest.name) has "
        + "\(dearest.effort.places).\(lighter())"
    }
    return "\(places); \(cheapest.name) has fewer (\(cheapest.effort.places))"
      + "\(objection(to: cheapest)), \(dearest.name) most (\(dearest.effort.places))."
      + lighter(than: cheapest)
  }

  /// The service that takes least effort, where that is neither this one nor one that is told of
  /// already; begins with a space.
  private func lighter(than told: Service? = nil) -> String {
    let least = services.min {
      ($0.effort.points, $0.order) < ($1.effort.points, $1.order)
    }
    guard let least, least.effort.points < service.effort.points, least.name != told?.name else {
      return ""
    }
    return " \(least.name) has fewer points of effort (\(least.effort.points) against "
      + "\(service.effort.points))\(objection(to: least))."
  }

  /// Why a service with a lower price does not go before this one; begins with a space.
  private func objection(to other: Service) -> String {
    if other.routes.isEmpty { return " but answers no route" }
    if other.blockers.count > service.blockers.count {
      return " but \(counted(other.blockers.count, "blocking problem")) "
        + "against \(service.blockers.count)"
    }
    if other.effort.tables > service.effort.tables {
      return " but shares \(counted(other.effort.tables, "table"))"
    }
    if other.scores.stability < service.scores.stability {
      return " but stability \(decimal(other.scores.stability))"
    }
    return other.effort.places > service.effort.places
      ? " but \(counted(other.effort.places, "place")) to cut" : ""
  }

  /// Why it stands at its place: how it compares, and what is counted.
  var reasons: String {
    let reason = service.reason.prefix(1).uppercased() + service.reason.dropFirst() + "."
    return comparison.isEmpty ? reason : comparison + " " + reason
  }

  /// What has to be cut.
  var price: String {
    guard !cuts.isEmpty else { return "nothing crosses its border." }
    return "\(counted(cuts.count, "place")) in "
      + "\(counted(Set(cuts.map(\.location.file)).count, "file")): \(priceParts)"
  }

  /// What has to be cut, by seam.
  var priceParts: String {
    guard !cuts.isEmpty else { return "nothing crosses its border." }
    var seams: [String] = []
    for seam in Cut.Seam.allCases {
      let count = cuts.count { $0.seam == seam }
      if count > 0 { seams.append("\(count) by \(seam.title)") }
    }
    return seams.joined(separator: ", ") + "."
  }

  /// The effort, and what it is made of.
  var effort: String {
    "\(service.effort.size.rawValue), \(counted(service.effort.points, "point")): \(effortParts)"
  }

  /// What the effort is made of.
  var effortParts: String {
    let effort = service.effort
    let points = Service.Effort.self
    var parts = ["\(counted(effort.contracts, "contract")) to design"]
    if effort.tables > 0 {
      parts.append(
        "\(counted(effort.tables, "table")) used on both sides (\(points.tablePoints) each)")
    }
    if effort.transactions > 0 {
      parts.append(
        "\(counted(effort.transactions, "transaction")) across services to turn into "
          + "\(effort.transactions == 1 ? "a saga" : "sagas") (\(points.transactionPoints) each)")
    }
    parts.append(
      "\(counted(effort.places, "place")) to change in \(counted(effort.files, "file")) "
        + "(\(points.placesPerPoint) to a point)")
    return parts.joined(separator: ", ") + "."
  }

  /// The fewest edits, where moving types saves some.
  var shortcut: String {
    let edit = service.effort.smallestEdit
    guard !cuts.isEmpty else { return "" }
    guard !edit.moves.isEmpty, edit.edits < cuts.count else {
      return "moving types saves nothing: each place is replaced where it stands."
    }
    let moves = edit.moves.prefix(Self.named).map { "\($0.type) to \($0.to)" }
    let rest = edit.moves.count - moves.count
    return "moving \(moves.joined(separator: ", "))"
      + (rest > 0 ? " and \(counted(rest, "other type"))" : "")
      + " leaves \(counted(edit.places.count, "place")) to cut: \(counted(edit.edits, "edit")) "
      + "instead of \(cuts.count)."
  }

  /// Who changed it most, and which teams; empty where nobody is known.
  var people: String {
    let authors = service.authors.prefix(Self.named).map { "\($0.name) (\($0.changes))" }
    guard !authors.isEmpty else { return "" }
    let rest = service.authors.count - authors.count
    let teams = service.teams.map { "\($0.name) (\($0.changes))" }
    return authors.joined(separator: ", ") + (rest > 0 ? " and \(counted(rest, "other"))" : "")
      + (teams.isEmpty ? "" : "; teams: " + teams.joined(separator: ", "))
  }

  /// Types that noise moves, most doubtful first.
  var doubtful: [Service.Member] {
    service.types.filter { $0.stability < Doubts.firmStability }.sorted {
      ($0.stability, $0.name) < ($1.stability, $1.name)
    }
  }

  /// Services on the other side of its cuts, those with most places first.
  var partners: String {
    var places: [String: Int] = [:]
    for cut in cuts {
      places[cut.fromService == service.name ? cut.toService : cut.fromService, default: 0] += 1
    }
    let sorted = places.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let named = sorted.prefix(Self.named).map { "\($0.key) (\($0.value))" }
    let rest = sorted.count - named.count
    guard !named.isEmpty else { return "" }
    return "most of it with \(named.joined(separator: ", "))"
      + (rest > 0 ? " and \(counted(rest, "other service"))" : "") + "."
  }

  /// How sure its border is, in a word or two.
  var certainty: String {
    let firm = service.types.count - doubtful.count
    let share = Double(firm) / Double(max(1, service.types.count))
    switch min(share, service.scores.stability) {
    case 0.9...: return "sure"
    case 0.7..<0.9: return "fairly sure"
    default: return "not sure"
    }
  }

  /// How sure its border is, with the places of what is in doubt.
  var confidence: String { confidence { "\($0.name) (there in \(rate($0)), \($0.location.text))" } }

  /// The same without places, for where those are a step away.
  var briefConfidence: String { confidence { "\($0.name) (there in \(rate($0)))" } }

  private func rate(_ type: Service.Member) -> String { keptRuns(type.stability, of: runs) }

  private func confidence(_ shown: (Service.Member) -> String) -> String {
    let doubtful = self.doubtful
    let stable = service.types.count - doubtful.count
    let firm = "\(stable) of \(counted(service.types.count, "type"))"
    guard !doubtful.isEmpty else {
      let all =
        service.types.count == 1
        ? "its type keeps its" : "all \(service.types.count) types keep their"
      let least = service.types.map(\.stability).min() ?? 1
      let often =
        least == 1 ? counted(runs, "noisy run") : keptRuns(least, of: runs) + " with noise or more"
      return "\(all) place in \(often)\(guesses)."
    }
    let names = doubtful.map(shown)
    return
      "\(firm) \(stable == 1 ? "keeps its" : "keep their") place in four of five noisy runs or more, "
      + "\(doubtful.count) could as well stand elsewhere: "
      + "\(DoubtSentences.listed(names, most: Self.named))\(guesses)."
  }

  /// How many of its cuts are guesses.
  private var guesses: String {
    let places = cuts.filter { $0.evidence == .name }.map(\.location.text)
    guard !places.isEmpty else { return "" }
    return "; \(places.count) of \(counted(cuts.count, "place")) to cut "
      + "\(places.count == 1 ? "rests" : "rest") on a member's name alone "
      + "(\(DoubtSentences.listed(places, most: 2)))"
  }
}
