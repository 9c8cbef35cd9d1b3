// SPDX-License-Identifier: Apache-2.0

/// A flow network with whole capacities, and the cheapest way to part its source from its sink
/// (Dinic 1970: shortest augmenting paths by layers).
struct MinimumCut {
  private var heads: [Int32] = []
  private var capacities: [Int] = []
  /// Edges that leave each node; the edge back stands at the number with the last bit flipped.
  private var outgoing: [[Int32]]

  let source = 0
  let sink = 1

  /// Nodes `0` and `1` are source and sink; others follow.
  init(nodeCount: Int) { outgoing = [[Int32]](repeating: [], count: nodeCount) }

  /// An edge that costs the same in both directions.
  mutating func join(_ first: Int, _ second: Int, _ capacity: Int) {
    add(first, second, capacity, back: capacity)
  }

  /// An edge that keeps a node on the source's side, at a price.
  mutating func holdAtSource(_ node: Int, _ capacity: Int) {
    add(source, node, capacity, back: 0)
  }

  /// An edge that keeps a node on the sink's side, at a price.
  mutating func holdAtSink(_ node: Int, _ capacity: Int) { add(node, sink, capacity, back: 0) }

  private mutating func add(_ from: Int, _ to: Int, _ capacity: Int, back: Int) {
    outgoing[from].append(Int32(heads.count))
    heads.append(Int32(to))
    capacities.append(capacity)
    outgoing[to].append(Int32(heads.count))
    heads.append(Int32(from))
    capacities.append(back)
  }

  /// The price of the cheapest cut, and which nodes it leaves with the source: the smallest such
  /// set, so that equal networks give equal answers.
  mutating func solve() -> (price: Int, isWithSource: [Bool]) {
    var price = 0
    while true {
      let layers = self.layers()
      guard layers[sink] >= 0 else { return (price, layers.map { $0 >= 0 }) }
      var next = [Int](repeating: 0, count: outgoing.count)
      while case let pushed = push(layers, &next), pushed > 0 { price += pushed }
    }
  }

  /// Steps from the source to each node over edges with room; -1 where it cannot be reached.
  private func layers() -> [Int32] {
    var layers = [Int32](repeating: -1, count: outgoing.count)
    layers[source] = 0
    var queue = [source]
    var at = 0
    while at < queue.count {
      let node = queue[at]
      at += 1
      for edge in outgoing[node] where capacities[Int(edge)] > 0 {
        let head = Int(heads[Int(edge)])
        guard layers[head] < 0 else { continue }
        layers[head] = layers[node] + 1
        queue.append(head)
      }
    }
    return layers
  }

  /// Sends flow along one path of rising layers; `next` remembers edges that lead nowhere. A loop
  /// and not a recursion: paths are as long as chains of types.
  private mutating func push(_ layers: [Int32], _ next: inout [Int]) -> Int {
    var path: [Int] = []
    var node = source
    while node != sink {
      if next[node] < outgoing[node].count {
        let edge = Int(outgoing[node][next[node]])
        let head = Int(heads[edge])
        if capacities[edge] > 0, layers[head] == layers[node] + 1 {
          path.append(edge)
          node = head
        } else {
          next[node] += 1
        }
      } else {
        guard let edge = path.popLast() else { return 0 }
        node = Int(heads[edge ^ 1])
        next[node] += 1
      }
    }
    let room = path.map { capacities[$0] }.min() ?? 0
    for edge in path {
      capacities[edge] -= room
      capacities[edge ^ 1] += room
    }
    return room
  }
}
