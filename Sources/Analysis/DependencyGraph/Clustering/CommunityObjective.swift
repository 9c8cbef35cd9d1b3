// SPDX-License-Identifier: Apache-2.0

/// What a clustering run makes large. The state follows one node at a time: it is taken out of its
/// community, candidate communities are compared, and it is put into the best.
///
/// Weights are those of the level's graph; `link` is the weight between the node and a community.
protocol CommunityObjective {
  init(graph: WeightedGraph, labels: [Int32], parameter: Double)
  mutating func remove(_ node: Int, from community: Int, link: Double)
  mutating func insert(_ node: Int, into community: Int, link: Double)
  /// Prepares for questions about the gains of a node that stands on its own.
  mutating func consider(_ node: Int)
  /// Improvement over leaving the node on its own, in any unit, the same for all candidates.
  func gain(_ node: Int, into community: Int, link: Double) -> Double
  /// True when a part of a community is tied to the rest of it strongly enough to be merged with it
  /// during refinement; `link` is the weight between the part and the rest.
  func isWellConnected(strength: Double, within total: Double, link: Double) -> Bool
}

/// Modularity with resolution `g`: Q = (1/2m) sum over pairs [w - g k k' / 2m] (Reichardt,
/// Bornholdt).
struct ModularityObjective: CommunityObjective {
  private let strengths: [Double]
  private let scale: Double
  private var totals: [Double]

  init(graph: WeightedGraph, labels: [Int32], parameter: Double) {
    strengths = graph.strengths
    scale = graph.totalWeight > 0 ? parameter / (2 * graph.totalWeight) : 0
    totals = [Double](repeating: 0, count: graph.nodeCount)
    for (node, label) in labels.enumerated() { totals[Int(label)] += strengths[node] }
  }

  @inline(__always)
  mutating func remove(_ node: Int, from community: Int, link: Double) {
    totals[community] -= strengths[node]
  }

  @inline(__always)
  mutating func insert(_ node: Int, into community: Int, link: Double) {
    totals[community] += strengths[node]
  }

  @inline(__always)
  mutating func consider(_ node: Int) {}

  @inline(__always)
  func gain(_ node: Int, into community: Int, link: Double) -> Double {
    link - scale * strengths[node] * totals[community]
  }

  @inline(__always)
  func isWellConnected(strength: Double, within total: Double, link: Double) -> Bool {
    link >= scale * strength * (total - strength)
  }
}

/// The two-level map equation on undirected flow (Rosvall, Bergstrom 2008), negated: the shorter
/// the description of a random walk, the better. The parameter is the Markov time (Kheirkhahzadeh,
/// Lancichinetti, Rosvall 2016): the walk is described once in so many steps, so that more than one
/// gives larger communities.
struct MapEquationObjective: CommunityObjective {
  private let flows: [Double]
  private let exits: [Double]
  /// From weight to flow.
  private let scale: Double
  /// From weight to flow that leaves within the Markov time.
  private let unit: Double
  private var communityFlows: [Double]
  private var communityExits: [Double]
  /// What each community adds to the description:
  /// `(exit + flow) ln (exit + flow) - 2 exit ln exit`.
  private var terms: [Double]
  private var exitSum = 0.0
  /// Parts of a gain that only depend on the node.
  private let exitTerms: [Double]
  private let ownTerms: [Double]
  /// Parts of a gain that are the same for every community of the node that is considered.
  private var alone = 0.0
  private var aloneTerm = 0.0
  /// What the community of the last removal was before: most nodes go back.
  private var beforeRemoval = Community(number: -1, flow: 0, exit: 0, term: 0)

  private struct Community {
    var number: Int
    var flow: Double
    var exit: Double
    var term: Double
  }

  init(graph: WeightedGraph, labels: [Int32], parameter: Double) {
    let scale = graph.totalWeight > 0 ? 1 / (2 * graph.totalWeight) : 0
    let unit = scale * parameter
    self.scale = scale
    self.unit = unit
    flows = graph.strengths.map { $0 * scale }
    exits = graph.strengths.indices.map { (graph.strengths[$0] - 2 * graph.loops[$0]) * unit }
    exitTerms = exits.map { 2 * entropyTerm($0) }
    ownTerms = zip(exits, flows).map { entropyTerm($0 + $1) }
    communityFlows = [Double](repeating: 0, count: graph.nodeCount)
    communityExits = communityFlows
    terms = communityFlows
    for node in 0..<graph.nodeCount {
      let label = labels[node]
      communityFlows[Int(label)] += flows[node]
      communityExits[Int(label)] += exits[node]
      for entry in graph.row(node) where labels[Int(graph.neighbours[entry])] == label {
        communityExits[Int(label)] -= graph.weights[entry] * unit
      }
    }
    exitSum = communityExits.reduce(0, +)
    for community in terms.indices { terms[community] = term(community) }
  }

  @inline(__always)
  mutating func remove(_ node: Int, from community: Int, link: Double) {
    beforeRemoval = Community(
      number: community, flow: communityFlows[community], exit: communityExits[community],
      term: terms[community])
    change(community, flow: -flows[node], exit: 2 * link * unit - exits[node])
  }

  @inline(__always)
  mutating func insert(_ node: Int, into community: Int, link: Double) {
    change(community, flow: flows[node], exit: exits[node] - 2 * link * unit)
  }

  @inline(__always)
  private mutating func change(_ community: Int, flow: Double, exit: Double) {
    communityFlows[community] += flow
    communityExits[community] += exit
    exitSum += exit
    let isBack =
      community == beforeRemoval.number && communityFlows[community] == beforeRemoval.flow
      && communityExits[community] == beforeRemoval.exit
    terms[community] = isBack ? beforeRemoval.term : term(community)
  }

  @inline(__always)
  private func term(_ community: Int) -> Double {
    let exit = max(0, communityExits[community])
    return entropyTerm(exit + communityFlows[community]) - 2 * entropyTerm(exit)
  }

  @inline(__always)
  mutating func consider(_ node: Int) {
    alone = max(0, exitSum) + exits[node]
    aloneTerm = entropyTerm(alone)
  }

  @inline(__always)
  func gain(_ node: Int, into community: Int, link: Double) -> Double {
    let flow = communityFlows[community]
    let exit = max(0, communityExits[community])
    let joined = max(0, alone - 2 * link * unit)
    let newExit = max(0, exit + exits[node] - 2 * link * unit)
    let before = aloneTerm + terms[community] - exitTerms[node] + ownTerms[node]
    let after =
      entropyTerm(joined) - 2 * entropyTerm(newExit) + entropyTerm(newExit + flow + flows[node])
    return before - after
  }

  @inline(__always)
  func isWellConnected(strength: Double, within total: Double, link: Double) -> Bool {
    link >= scale * strength * (total - strength)
  }
}
