// SPDX-License-Identifier: Apache-2.0

/// Fast local moving: nodes wait in a queue, move to the best community next to them, and wake the
/// neighbours that they leave behind.
struct LocalMoving<Objective: CommunityObjective> {
  /// Gains below this are rounding noise; moving for them could go on for ever.
  private static var leastGain: Double { 1e-12 }

  static func run(
    _ graph: WeightedGraph, _ start: Partition, _ parameter: Double, _ random: inout SeededRandom
  ) -> Partition {
    var state = Self(graph, start, parameter, &random)
    while state.waiting > 0 { state.visit(state.dequeue()) }
    return Partition(state.labels)
  }

  private let graph: WeightedGraph
  private var objective: Objective
  private var labels: [Int32]
  private var sizes: [Int32]
  private var unused: [Int32] = []
  private var links: CommunityLinks
  // A ring that holds each node at most once, so the number of nodes bounds it.
  private var ring: [Int32]
  private var isWaiting: [Bool]
  private var head = 0
  private var waiting: Int
  // A node that keeps swapping places with its neighbours is left alone after this many visits.
  private var visitsLeft: Int

  private init(
    _ graph: WeightedGraph, _ start: Partition, _ parameter: Double, _ random: inout SeededRandom
  ) {
    self.graph = graph
    let count = graph.nodeCount
    labels = start.labels
    objective = Objective(graph: graph, labels: start.labels, parameter: parameter)
    sizes = [Int32](repeating: 0, count: count)
    for label in labels { sizes[Int(label)] += 1 }
    for label in stride(from: count - 1, through: start.count, by: -1) {
      unused.append(Int32(label))
    }
    links = CommunityLinks(count: count)
    ring = (0..<count).map(Int32.init)
    random.shuffle(&ring)
    isWaiting = [Bool](repeating: true, count: count)
    waiting = count
    visitsLeft = 200 * count
  }

  private mutating func dequeue() -> Int {
    let node = Int(ring[head])
    head = head + 1 == ring.count ? 0 : head + 1
    waiting -= 1
    isWaiting[node] = false
    return node
  }

  private mutating func enqueue(_ node: Int32) {
    guard !isWaiting[Int(node)], visitsLeft > 0 else { return }
    isWaiting[Int(node)] = true
    let place = head + waiting
    ring[place >= ring.count ? place - ring.count : place] = node
    waiting += 1
  }

  private mutating func visit(_ node: Int) {
    visitsLeft -= 1
    let old = Int(labels[node])
    links.gather(graph, node, labels)
    objective.remove(node, from: old, link: links.weight(to: old))
    sizes[old] -= 1
    objective.consider(node)
    var best = old
    var bestGain = objective.gain(node, into: old, link: links.weight(to: old))
    for candidate in links.touched where Int(candidate) != old {
      let gain = objective.gain(node, into: Int(candidate), link: links.weight(to: Int(candidate)))
      if gain > bestGain + Self.leastGain {
        best = Int(candidate)
        bestGain = gain
      }
    }
    if bestGain < -Self.leastGain, sizes[old] > 0, let fresh = unused.popLast() {
      best = Int(fresh)
    }
    objective.insert(node, into: best, link: links.weight(to: best))
    sizes[best] += 1
    links.reset()
    guard best != old else { return }
    if sizes[old] == 0 { unused.append(Int32(old)) }
    labels[node] = Int32(best)
    for entry in graph.row(node) where labels[Int(graph.neighbours[entry])] != Int32(best) {
      enqueue(graph.neighbours[entry])
    }
  }
}

/// Weights between one node and the communities next to it; reset costs what gathering cost.
struct CommunityLinks {
  private var sums: [Double]
  private(set) var touched: [Int32] = []

  init(count: Int) { sums = [Double](repeating: 0, count: count) }

  @inline(__always)
  func weight(to community: Int) -> Double { sums[community] }

  @inline(__always)
  mutating func gather(_ graph: WeightedGraph, _ node: Int, _ labels: [Int32]) {
    for entry in graph.row(node) {
      add(labels[Int(graph.neighbours[entry])], graph.weights[entry])
    }
  }

  @inline(__always)
  mutating func add(_ community: Int32, _ weight: Double) {
    if sums[Int(community)] == 0 { touched.append(community) }
    sums[Int(community)] += weight
  }

  @inline(__always)
  mutating func reset() {
    for community in touched { sums[Int(community)] = 0 }
    touched.removeAll(keepingCapacity: true)
  }
}
