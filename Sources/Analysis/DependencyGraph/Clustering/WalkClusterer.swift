// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Divides the nodes of a random walk by what many runs with noise agree on. The result depends on
/// the walk and the parameters alone: not on the number of threads, or the process.
///
/// Each member describes the same walk by the map equation, with noise on its weights. Nodes stay
/// together that at least half of the members keep together on average.
struct WalkClusterer: Sendable {
  var parameters: ClusteringParameters
  var workers: Workers
  /// What nodes give each other, however often the walk comes by.
  let damped: WeightedGraph
  /// How often the walk in balance uses each edge.
  let walk: WeightedGraph
  /// Nodes that are not divided: they witness which others belong together.
  let isWitness: [Bool]
  /// What the members make large.
  var quality = Quality.description
  /// Finds a place for clusters that the walk does not reach.
  var settled: @Sendable (Partition) -> Partition = { $0 }
  /// A number per node that depends on nothing but its identity.
  private let keys: [UInt64]

  /// What a member looks for.
  enum Quality: Sendable {
    /// Clusters in which the walk stays: the shortest description of it.
    case description
    /// Clusters that give each other less than chance would: larger ones, fewer of them.
    case modularity
  }

  /// A division of all nodes with the runs that it rests on.
  struct Division {
    var partition: Partition
    var runs: [Partition]
  }

  init(
    _ flow: FlowNetwork, identities: [String], isWitness: [Bool],
    parameters: ClusteringParameters, workers: Workers
  ) {
    self.parameters = parameters
    self.workers = workers
    self.isWitness = isWitness
    damped = flow.damped
    walk = flow.stationary
    keys = identities.map(stableHash)
  }

  /// Edges visited by all members together before their number is lowered: the map equation takes
  /// about a second of one processor for so many.
  static let edgeBudget = 1_000_000
  /// Members below which agreement would mean nothing.
  static let leastMembers = 4
  /// Resolution grows by a quarter until enough clusters appear, at most this often.
  private static let finerAttempts = 16

  /// - Parameters:
  ///   - services: number of clusters that is asked for; nil lets the agreement decide.
  ///   - anchor: a stored division, which a new one should not leave without a reason.
  ///   - rules: what must hold.
  func divide(
    services: Int? = nil, anchor: Partition? = nil, rules: ClusterRules = ClusterRules()
  ) -> Division {
    var runs = members(parameters)
    var division = consensus(of: runs, anchor, rules)
    guard let services else { return Division(partition: division, runs: runs) }
    let wanted = max(1, min(services, isWitness.count { !$0 }))
    var finer = parameters
    for _ in 0..<Self.finerAttempts where clusterCount(division) < wanted {
      finer.resolution *= 1.25
      runs = members(finer)
      division = consensus(of: runs, anchor, rules)
    }
    // More clusters than the least size allows: every node may stand alone.
    if clusterCount(division) < wanted { division = rules.start(isWitness.count) }
    division = FlowMerging(graph: damped, isWitness: isWitness, rules: rules)
      .merged(division, into: wanted)
    return Division(partition: division, runs: runs)
  }

  /// Members that the budget allows on a graph of this size.
  static func memberCount(edges: Int, wanted: Int) -> Int {
    max(leastMembers, min(wanted, edgeBudget / max(1, edges)))
  }

  private func clusterCount(_ partition: Partition) -> Int {
    Set(isWitness.indices.filter { !isWitness[$0] }.map { partition.labels[$0] }).count
  }

  private func members(_ parameters: ClusteringParameters) -> [Partition] {
    let count = Self.memberCount(edges: walk.edgeCount, wanted: parameters.members)
    let graph = quality == .description ? walk : damped
    let leiden = Leiden(
      objective: quality == .description
        ? .mapEquation(time: 1 / parameters.resolution)
        : .modularity(resolution: parameters.resolution),
      // A second pass gains little; where the budget already lowers the runs, it goes first.
      iterations: count < parameters.members ? 1 : 2)
    let finished = Mutex([Partition?](repeating: nil, count: count))
    workers.each(count) { run in
      let noisy = graph.jittered(keys: keys, run: run, noise: parameters.noise)
      let partition = leiden.partition(noisy, seed: UInt64(run + 1))
      finished.withLock { $0[run] = partition }
    }
    return finished.withLock { $0.compactMap { $0 } }
  }

  /// What a stored division and a new one both keep together stays together: the stored one's votes
  /// only decide where the two differ.
  private func consensus(
    of runs: [Partition], _ anchor: Partition?, _ rules: ClusterRules
  ) -> Partition {
    let fresh = division(runs.map { .init(partition: $0, weight: 1 / Double(runs.count)) }, rules)
    guard let anchor else { return fresh }
    let share = parameters.anchorShare
    let votes =
      runs.map {
        Consensus.Vote(partition: $0, weight: 1 / Double(runs.count) / (1 + share))
      } + [Consensus.Vote(partition: anchor, weight: share / (1 + share))]
    return division(votes, rules, anchor, held: anchor.meet(fresh))
  }

  private func division(
    _ votes: [Consensus.Vote], _ rules: ClusterRules, _ anchor: Partition? = nil,
    held: Partition? = nil
  ) -> Partition {
    let consensus = Consensus(votes, neighbours: damped.edges, held: held)
    let majority =
      rules.isEmpty
      ? consensus.majority(agreement: parameters.agreement)
      : consensus.majority(
        agreement: parameters.agreement, from: rules.start(damped.nodeCount),
        mayJoin: rules.mayJoin)
    return settled(
      SmallClusters(
        parameters: parameters, damped: damped, walk: walk, isWitness: isWitness, anchor: anchor,
        mayJoin: rules.mayJoin
      ).absorbed(majority))
  }
}
