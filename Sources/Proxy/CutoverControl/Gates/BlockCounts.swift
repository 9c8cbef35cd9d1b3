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

  package init(legacy: Int = 0, legacyBad: Int = 0, extracted: Int = 0, extractedBad: Int = 0) {
    self.legacy = legacy
    self.legacyBad = legacyBad
    self.extracted = extracted
    self.extractedBad = extractedBad
  }

  package static func += (left: inout BlockCounts, right: BlockCounts) {
    left.legacy += right.legacy
    left.legacyBad += right.legacyBad
    left.extracted += right.extracted
    left.extractedBad += right.extractedBad
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
      legacy >= 1 && extracted >= 1 && legacy + extracted >= Self.smallestBlock
    case .ceiling: extracted >= Self.smallestBlock
    }
  }
}
