// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// The cuts at each service's border, sorted out once: going through the whole list for every
/// service would cost the product of both.
struct CutsByService {
  private let cuts: [Cut]
  private var incoming: [String: Int] = [:]
  private var outgoing: [String: Int] = [:]
  /// Indices of `cuts`.
  private var places: [String: [Int]] = [:]

  init(_ cuts: [Cut]) {
    self.cuts = cuts
    for (index, cut) in cuts.enumerated() {
      outgoing[cut.fromService, default: 0] += 1
      incoming[cut.toService, default: 0] += 1
      places[cut.fromService, default: []].append(index)
      if cut.toService != cut.fromService { places[cut.toService, default: []].append(index) }
    }
  }

  /// Everything that crosses the border of a service, in the order of the list.
  subscript(service: String) -> [Cut] { places[service]?.map { cuts[$0] } ?? [] }

  /// How many cuts lead into a service.
  func into(_ service: String) -> Int { incoming[service] ?? 0 }

  /// How many cuts lead out of a service.
  func outOf(_ service: String) -> Int { outgoing[service] ?? 0 }
}
