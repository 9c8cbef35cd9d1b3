// SPDX-License-Identifier: Apache-2.0

/// The e-BH procedure (Wang and Ramdas, arXiv 2009.02824): which of many path-kinds to believe when
/// all are looked at together.
enum FalseDiscoveries {
  /// Largest expected share of wrong ones among those that are believed.
  static let rate = 0.05

  /// Indices of what is believed: of m values the largest k, for the largest k whose k-th value is
  /// at least m / (k * rate). It holds under any dependence between the path-kinds.
  static func believed(lnEvidence: [Double], rate: Double = rate) -> Set<Int> {
    let order = lnEvidence.indices.sorted { lnEvidence[$0] > lnEvidence[$1] }
    let total = Double(order.count)
    let last = order.indices.last { rank in
      lnEvidence[order[rank]] >= Real.ln(total / (Double(rank + 1) * rate))
    }
    return last.map { Set(order[...$0]) } ?? []
  }
}
