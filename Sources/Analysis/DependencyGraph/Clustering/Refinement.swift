// SPDX-License-Identifier: Apache-2.0

/// Refinement: inside each community, nodes start on their own and are merged into parts that are
/// well connected. A community that moving has left in pieces falls apart here.
struct Refinement<Objective: CommunityObjective> {
  /// Randomness of the choice among merges that gain: the published default of the algorithm.
  private static var temperature: Double { 0.01 }

  static func run(
    _ graph: WeightedGraph, _ communities: Partition, _ parameter: Double,
    _ random: inout SeededRandom
  ) -> Partition {
    var state = Self(graph, communities, parameter)
    var order = (0..<graph.nodeCount).map(Int32.init)
    random.shuffle(&order)
    for node in order { state.visit(Int(node), &random) }
    return Partition(state.parts)
  }

  private let graph: WeightedGraph
  private let communities: Partition
  private let communityStrengths: [Double]
  private var objective: Objective
  private var parts: [Int32]
  private var isAlone: [Bool]
  private var strengths: [Double]
  /// Weight between each part and the rest of its community.
  private var outward: [Double]
  private var links: CommunityLinks
  private var choices: [(part: Int32, gain: Double)] = []

  private init(_ graph: WeightedGraph, _ communities: Partition, _ parameter: Double) {
    let count = graph.nodeCount
    self.graph = graph
    self.communities = communities
    parts = (0..<count).map(Int32.init)
    objective = Objective(graph: graph, labels: parts, parameter: parameter)
    isAlone = [Bool](repeating: true, count: count)
    strengths = graph.strengths
    outward = [Double](repeating: 0, count: count)
    links = CommunityLinks(count: count)
    var totals = [Double](repeating: 0, count: communities.count)
    for node in 0..<count {
      totals[communities[node]] += graph.strengths[node]
      for entry in graph.row(node)
      where communities[Int(graph.neighbours[entry])] == communities[node] {
        outward[node] += graph.weights[entry]
      }
    }
    communityStrengths = totals
  }

  private mutating func visit(_ node: Int, _ random: inout SeededRandom) {
    guard isAlone[node] else { return }
    let total = communityStrengths[communities[node]]
    guard
      objective.isWellConnected(
        strength: strengths[node], within: total, link: outward[node])
    else { return }
    for entry in graph.row(node)
    where communities[Int(graph.neighbours[entry])] == communities[node] {
      links.add(parts[Int(graph.neighbours[entry])], graph.weights[entry])
    }
    defer { links.reset() }
    choices.removeAll(keepingCapacity: true)
    objective.consider(node)
    for part in links.touched where part != Int32(node) {
      let isConnected = objective.isWellConnected(
        strength: strengths[Int(part)], within: total, link: outward[Int(part)])
      guard isConnected else { continue }
      let gain = objective.gain(node, into: Int(part), link: links.weight(to: Int(part)))
      if gain >= 0 { choices.append((part, gain)) }
    }
    guard let part = choose(&random) else { return }
    merge(node, into: Int(part))
  }

  /// Picks a part with probability proportional to exp(gain / temperature), the gains scaled to 1.
  private mutating func choose(_ random: inout SeededRandom) -> Int32? {
    guard let best = choices.map(\.gain).max() else { return nil }
    let scale = Self.temperature * max(best, 1e-300)
    var sum = 0.0
    for index in choices.indices {
      choices[index].gain = exponential((choices[index].gain - best) / scale)
      sum += choices[index].gain
    }
    var rest = random.unit() * sum
    for choice in choices {
      rest -= choice.gain
      if rest <= 0 { return choice.part }
    }
    return choices.last?.part
  }

  private mutating func merge(_ node: Int, into part: Int) {
    let link = links.weight(to: part)
    objective.remove(node, from: node, link: 0)
    objective.insert(node, into: part, link: link)
    parts[node] = Int32(part)
    isAlone[node] = false
    isAlone[part] = false
    outward[part] += outward[node] - 2 * link
    strengths[part] += strengths[node]
    strengths[node] = 0
  }
}
