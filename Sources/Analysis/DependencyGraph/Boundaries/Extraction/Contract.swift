// SPDX-License-Identifier: Apache-2.0

/// Something that two services have to agree upon: a symbol of one that the other calls, or that is
/// told to it by an event, however many places do so.
struct Contract: Hashable {
  private let from: String
  private let to: String
  private let target: String
  private let symbol: String

  /// Nil for a cut that is replaced by something else.
  init?(_ cut: Cut) {
    guard case .reference = cut.kind, cut.seam == .apiCall || cut.seam == .event else { return nil }
    (from, to, target, symbol) = (cut.fromService, cut.toService, cut.target, cut.symbol)
  }

  /// Different contracts of some cuts.
  static func count(_ cuts: [Cut]) -> Int { Set(cuts.compactMap(Self.init)).count }
}
