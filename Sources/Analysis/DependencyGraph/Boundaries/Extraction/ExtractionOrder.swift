// SPDX-License-Identifier: Apache-2.0

/// In which order to extract: what costs little first. After each step the cuts of the extracted
/// service are paid, so the next one is judged by what is left.
enum ExtractionOrder {
  /// A use of a foreign table costs as much as this many references: data has to be moved.
  static let tableUseCost = 5
  /// Stability below which a service is likely to be made of left-overs; it waits for a closer
  /// look.
  static let leastStability = 0.75

  struct Candidate {
    var name: String
    /// Requests can be moved route by route. A service that only has jobs, or that nothing reaches
    /// from outside, cannot be moved by routing; it goes last.
    var hasRoutes: Bool
    var stability: Double

    /// Worth starting with: movable, and with a border that holds.
    var isReady: Bool { hasRoutes && stability >= ExtractionOrder.leastStability }
  }

  /// Service indices in order of extraction.
  static func order(
    _ candidates: [Candidate], references: [(from: Int, to: Int)], tables: [(from: Int, to: Int)]
  ) -> [Int] {
    let count = candidates.count
    var costs = [[Int: Int]](repeating: [:], count: count)
    for pair in references {
      costs[pair.from][pair.to, default: 0] += 1
      costs[pair.to][pair.from, default: 0] += 1
    }
    for pair in tables {
      costs[pair.from][pair.to, default: 0] += tableUseCost
      costs[pair.to][pair.from, default: 0] += tableUseCost
    }
    // What each service that is left shares with the others that are left.
    var prices = costs.map { $0.values.reduce(0, +) }
    var left = Array(0..<count)
    var order: [Int] = []
    while !left.isEmpty {
      let next = left.lazy.map { (service: $0, price: prices[$0]) }.min { first, second in
        let (one, two) = (candidates[first.service], candidates[second.service])
        if one.isReady != two.isReady { return one.isReady }
        if one.hasRoutes != two.hasRoutes { return one.hasRoutes }
        if first.price != second.price { return first.price < second.price }
        if one.stability != two.stability { return one.stability > two.stability }
        return one.name < two.name
      }
      guard let next else { break }
      order.append(next.service)
      left.removeAll { $0 == next.service }
      for (other, cost) in costs[next.service] { prices[other] -= cost }
    }
    return order
  }
}
