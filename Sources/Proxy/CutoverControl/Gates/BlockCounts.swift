// SPDX-License-Identifier: Apache-2.0

/// Judged requests of both sides over some time, and how many of them were bad.
package struct BlockCounts: Sendable, Equatable, Codable {
  /// Requests of legacy.
  package var legacy: Int
  /// Those that were bad; at most `legacy`.
  package var legacyBad: Int
  /// Requests of the extracted side.
  package var extracted: Int
  /// Those that were bad; at most `extracted`.
  package var extractedBad: Int
  /// Requests that were the extracted side's, and that its breaker refused: neither bad nor good,
  /// and no part of `extracted`.
  package var extractedKeptAway: Int

  package init(
    legacy: Int = 0, legacyBad: Int = 0, extracted: Int = 0, extractedBad: Int = 0,
    extractedKeptAway: Int = 0
  ) {
    self.legacy = legacy
    self.legacyBad = legacyBad
    self.extracted = extracted
    self.extractedBad = extractedBad
    self.extractedKeptAway = extractedKeptAway
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    legacy = try values.decode(Int.self, forKey: .legacy)
    legacyBad = try values.decode(Int.self, forKey: .legacyBad)
    extracted = try values.decode(Int.self, forKey: .extracted)
    extractedBad = try values.decode(Int.self, forKey: .extractedBad)
    // Journals that were written before breakers were told apart have none.
    extractedKeptAway = try values.decodeIfPresent(Int.self, forKey: .extractedKeptAway) ?? 0
  }

  /// Requests that were the extracted side's, whatever its breaker made of them. A breaker opens by
  /// outcomes, so what it lets through is no number that a bet may be chosen by.
  package var extractedRouted: Int { extracted + extractedKeptAway }

  package static func += (left: inout BlockCounts, right: BlockCounts) {
    left.legacy += right.legacy
    left.legacyBad += right.legacyBad
    left.extracted += right.extracted
    left.extractedBad += right.extractedBad
    left.extractedKeptAway += right.extractedKeptAway
  }
}

/// What the extracted side is measured by.
package enum Baseline: Sendable, Equatable {
  /// What legacy does at the same time: an incident that both sides share cancels out.
  case concurrentLegacy
  /// A declared share of bad requests. The only measure when legacy answers next to nothing; it
  /// cannot tell an incident that both sides share.
  case ceiling(Double)
}

extension BlockCounts {
  /// Fewest requests of a block.
  package static let smallestBlock = 20

  /// Whether so many requests can be judged together. Only counts are looked at, never outcomes:
  /// whoever chose the moment by outcomes would choose the verdict.
  package func isBlock(against baseline: Baseline) -> Bool {
    switch baseline {
    case .concurrentLegacy:
      legacy >= 1 && extractedRouted >= 1 && legacy + extractedRouted >= Self.smallestBlock
    case .ceiling: extractedRouted >= Self.smallestBlock
    }
  }
}
