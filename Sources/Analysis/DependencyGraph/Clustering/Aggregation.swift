// SPDX-License-Identifier: Apache-2.0

extension WeightedGraph {
  /// The graph whose nodes are the communities of `partition`; weight inside one becomes its loop.
  package func aggregated(by partition: Partition) -> WeightedGraph {
    var starts: [Int32] = [0]
    starts.reserveCapacity(partition.count + 1)
    var columns: [Int32] = []
    var values: [Double] = []
    var loops = [Double](repeating: 0, count: partition.count)
    var links = CommunityLinks(count: partition.count)
    for (community, members) in partition.members.enumerated() {
      for node in members {
        loops[community] += self.loops[node]
        links.gather(self, node, partition.labels)
      }
      for neighbour in links.touched.sorted() {
        let weight = links.weight(to: Int(neighbour))
        if Int(neighbour) == community {
          loops[community] += weight / 2
        } else {
          columns.append(neighbour)
          values.append(weight)
        }
      }
      links.reset()
      starts.append(Int32(columns.count))
    }
    return WeightedGraph(rowStarts: starts, neighbours: columns, weights: values, loops: loops)
  }
}
