// SPDX-License-Identifier: Apache-2.0
internal import DependencyGraph
internal import Foundation
internal import SourceScanning

/// The first step: read the monolith's sources and show where the orders service would be cut.
extension DemoRun {
  mutating func analyse() async throws {
    narrator.section("Where can we cut?  strangler analyze \(options.sources)")
    let clock = ContinuousClock()
    let start = clock.now
    let suggestion = try await Self.suggestion(for: options.sources)
    let seconds = (clock.now - start) / .seconds(1)
    let coverage = suggestion.coverage
    narrator.line(
      "read \(coverage.files) files, \(coverage.lines) lines, \(coverage.types) types in "
        + "\(seconds.rounded(toPlaces: 1)) s: \(suggestion.services.count) services, "
        + "\(suggestion.cuts.count) references between them")
    guard let orders = suggestion.services.first(where: Self.answersOrders),
      let result = Self.result(suggestion)
    else {
      summary.demand(Self.demand, "no service has its routes", false)
      return
    }
    let touching = suggestion.cuts.filter {
      $0.fromService == orders.name || $0.toService == orders.name
    }
    narrator.line(
      "suggested cut: `\(orders.name)` with \(orders.types.count) types, "
        + "routes \(Self.list(orders.routes.map { "\($0.method) \($0.path)" })), "
        + "tables \(Self.list(orders.tables.owned + orders.tables.shared))")
    narrator.line(
      "extract first: `\(suggestion.services.first?.name ?? "")`; the demonstration takes orders, "
        + "which users see most of")
    narrator.line(
      "price: \(touching.count) places to cut; stability \(Self.share(orders.scores.stability)) "
        + "over \(suggestion.quality.runs) runs")
    for cut in touching.prefix(3) {
      narrator.line(
        "  \(cut.location.file):\(cut.location.line)  \(cut.fromService) -> \(cut.toService)  "
          + cut.symbol)
    }
    summary.demand(Self.demand, result, true)
  }

  static let demand = "analysis suggests an orders service"

  /// What the analysis of a folder says about orders, as the summary shows it; nil where no service
  /// answers them.
  static func result(ofAnalysing folder: String) async throws -> String? {
    result(try await suggestion(for: folder))
  }

  private static func result(_ suggestion: BoundarySuggestion) -> String? {
    guard let orders = suggestion.services.first(where: answersOrders),
      let first = suggestion.services.first
    else { return nil }
    let place =
      orders.order == 1
      ? "first of \(suggestion.services.count)"
      : "\(orders.order) of \(suggestion.services.count), `\(first.name)` goes first"
    return "`\(orders.name)`, \(place): \(counted(orders.types.count, "type")), "
      + "\(counted(orders.effort.places, "place")) to cut"
  }

  private static func answersOrders(_ service: DependencyGraph.Service) -> Bool {
    service.routes.contains { $0.path.hasPrefix("/orders") }
  }

  private static func list(_ items: [String], most: Int = 4) -> String {
    let shown = items.prefix(most).joined(separator: ", ")
    return items.count > most ? "\(shown) and \(items.count - most) more" : shown
  }

  private static func share(_ value: Double) -> String { (value).rounded(toPlaces: 2) }

  private static func suggestion(for folder: String) async throws -> BoundarySuggestion {
    try await withCheckedThrowingContinuation { continuation in
      // Scanning blocks its thread, so it gets one of its own and not one of the cooperative pool.
      Thread {
        continuation.resume(
          with: Result {
            BoundaryAnalysis().suggest(try SourceScanner().scan(folder: folder))
          })
      }.start()
    }
  }
}
