// SPDX-License-Identifier: Apache-2.0

extension WeightedGraph {
  /// Q = sum over communities [ inner / m - resolution (strength / 2m)^2 ]; 0 for a graph without
  /// edges. Loops count as inner weight.
  package func modularity(_ partition: Partition, resolution: Double = 1) -> Double {
    guard totalWeight > 0 else { return 0 }
    var inner = [Double](repeating: 0, count: partition.count)
    var strength = inner
    for node in 0..<nodeCount {
      let community = partition[node]
      strength[community] += strengths[node]
      inner[community] += 2 * loops[node]
      for entry in row(node) where partition[Int(neighbours[entry])] == community {
        inner[community] += weights[entry]
      }
    }
    let doubled = 2 * totalWeight
    return zip(inner, strength).reduce(0) { sum, pair in
      let share = pair.1 / doubled
      return sum + pair.0 / doubled - resolution * share * share
    }
  }
}
