// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import NIOHTTP1
internal import ShadowComparison

/// The comparison step: both sides answer the same reads, and only behaviour counts as difference.
extension DemoRun {
  private static let endpoint = "GET /orders/{id}"

  mutating func compareSides() async throws {
    narrator.section("Do both sides answer alike?  \(stage.seededOrders) orders read from each")
    let planted = try PlantedDifferences(besideSources: options.sources)
    var comparison = SideComparison(shop: shop, seed: options.seed)
    for order in 1...stage.seededOrders {
      try await comparison.compare("/orders/\(order)", endpoint: Self.endpoint)
      if order % 100 == 0 { narrator.progress("\(order) orders compared") }
    }
    let report = comparison.evidence.report()
    let found = report.paths(labelled: [.real, .likely]).map(\.path)
    narrator.line(
      "\(report.comparisons) comparisons, legacy asked again \(report.reasks) times to tell noise "
        + "from behaviour")
    for path in report.paths(labelled: [.real, .likely, .undecided, .noiseProposed]).map(\.path) {
      narrator.line(
        "\(path.label.rawValue.padded(to: 15))\(path.pathKind.path) (\(path.pathKind.kind.rawValue)), "
          + "\(path.count) times, such as \(Self.short(path.example.legacy)) on legacy "
          + "and \(Self.short(path.example.extracted)) on the new service")
    }
    let kinds = Set(found.map(\.pathKind))
    summary.demand(
      "planted differences found",
      "\(planted.pathKinds.intersection(kinds).count) of "
        + "\(planted.pathKinds.count), false ones \(kinds.subtracting(planted.pathKinds).count)",
      kinds == planted.pathKinds)
  }

  /// What the proxy itself found while users were served by legacy.
  mutating func judgeLiveComparison() async throws {
    let planted = try PlantedDifferences(besideSources: options.sources)
    guard
      let orders = try await admin.liveEvidence().first(where: { $0.name == Self.endpoint })
    else {
      return summary.demand("differences found under live traffic", "nothing compared", false)
    }
    let found = Set(orders.paths.filter(\.isDifference).compactMap(\.pathKind))
    let rate = (100 * (orders.matchRate ?? 0)).rounded(toPlaces: 1)
    let interval = orders.matchRateInterval.map { (100 * $0).rounded(toPlaces: 1) }
    narrator.line(
      "both sides compared meanwhile: \(orders.requests) answers, match rate \(rate) % "
        + "[\(interval.joined(separator: ", "))]")
    for path in orders.paths {
      narrator.line("\(path.label.padded(to: 15))\(path.path) (\(path.kind))")
    }
    summary.demand(
      "differences found under live traffic",
      "\(planted.pathKinds.intersection(found).count) of \(planted.pathKinds.count), false ones "
        + "\(found.subtracting(planted.pathKinds).count); match rate \(rate) %",
      found == planted.pathKinds)
  }

  private static func short(_ value: String?) -> String {
    guard let value else { return "nothing" }
    return value.count > 28 ? "\(value.prefix(27))…" : value
  }
}

/// Asks both sides through the proxy and keeps the evidence.
struct SideComparison: Sendable {
  private let shop: ShopClient
  private let comparator = ResponseComparator()
  private var random: SeededRandom
  private(set) var evidence = ShadowEvidence()

  init(shop: ShopClient, seed: UInt64) {
    self.shop = shop
    random = SeededRandom(seed: seed)
  }

  /// Compares the answers to one read; asks legacy once more when the evidence wants it.
  mutating func compare(_ path: String, endpoint: String) async throws {
    let legacy = try await answer(path, of: "legacy")
    let extracted = try await answer(path, of: "extracted")
    let decision = evidence.record(
      comparator.compare(legacy: legacy, extracted: extracted), endpoint: endpoint,
      draw: Double.random(in: 0..<1, using: &random))
    guard decision == .askLegacyAgain else { return }
    let triples = comparator.oddOneOut(
      legacy: legacy, extracted: extracted, legacyAgain: try await answer(path, of: "legacy"))
    if let triples { evidence.recordTriples(triples, endpoint: endpoint) }
  }

  private func answer(_ path: String, of side: String) async throws -> ComparedResponse {
    let answer = try await shop.send(.GET, path, headers: ["x-compare": side])
    return ComparedResponse(
      status: answer.status,
      headers: answer.headers.map { ComparedResponse.Header(name: $0.name, value: $0.value) },
      body: Array(answer.body))
  }
}

/// The differences that the orders service has on purpose, as its documentation lists them.
struct PlantedDifferences: Sendable {
  private struct Document: Decodable {
    struct Entry: Decodable {
      let kind: String
      let path: String
    }

    let differences: [Entry]
  }

  let pathKinds: Set<PathKind>

  /// Reads `orders-service/differences.json`, which lies beside the folder of the monolith.
  init(besideSources sources: String) throws {
    let file = URL(filePath: sources).deletingLastPathComponent()
      .appending(path: "orders-service/differences.json")
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    pathKinds = Set(
      document.differences.compactMap { entry in
        PathKind.Kind(rawValue: entry.kind).map {
          PathKind(path: ResponsePath(entry.path), kind: $0)
        }
      })
  }
}
