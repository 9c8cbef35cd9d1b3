// SPDX-License-Identifier: Apache-2.0

/// The units divided into services, with what is set apart.
struct ServiceDivision: Sendable {
  /// Units below which a community is no service and joins the one it is tied to most.
  static let leastUnits = 3

  let roles: [UnitRole]
  /// Service of each unit; nil for units that are set apart.
  let service: [Int?]
  let serviceCount: Int
  /// Number that stands for what remains of the monolith, behind those of the services; nil where
  /// nothing does.
  let remainder: Int?
  /// Number of the area of each unit of the piece that stays with the monolith since no border
  /// divides it; nil elsewhere.
  let coreArea: [Int?]
  /// Groups of units that serve nothing and that several services use.
  let modules: [[Int]]
  /// Share of the runs with noise in which each unit keeps its place.
  let unitStability: [Double]
  /// Best Jaccard index of each service with the runs' communities.
  let serviceStability: [Double]
  /// Mean adjusted Rand index between the division and the runs.
  let agreement: Double
  /// Modularity of the damped references under the division.
  let modularity: Double
  let runs: Int

  /// Units that were divided, whatever became of them.
  var includedCount: Int { roles.count { $0 == .member } + coreArea.count { $0 != nil } }

  init(_ code: PreparedCode, _ options: AnalysisOptions, _ workers: Workers) {
    let (model, facts) = (code.model, code.facts)
    var roles = UnitRoles.find(
      code, Self.areas(facts, options, workers, isInScope: code.isDividable))
    var isMember = roles.indices.map { roles[$0] == .member && !code.migrations.isMigration[$0] }
    let evidence = EvidenceGraph(facts, weights: options.weights) { isMember[$0] }
    var clusterer = WalkClusterer(
      evidence, isMember: isMember, parameters: options.parameters, workers: workers)
    clusterer.settled = ModulePlacement(model, facts, isMember: isMember).placed
    let division = clusterer.divide(services: options.services)
    let partition = Partition(division.partition.labels.prefix(facts.units.count))
    let found: [Int?] = isMember.enumerated().map { $1 ? partition[$0] : nil }
    // Who asks for a number of services gets that many.
    let homes = ServiceHomes(model, facts, isMember: isMember)
    let isFree = options.services == nil && code.isScoped
    var settled =
      isFree ? homes.settled(found) : ServiceHomes.Settled(services: found, modules: [])
    for unit in settled.modules.joined() { (roles[unit], isMember[unit]) = (.module, false) }
    if code.isScoped {
      for unit in UnitRoles.lateKernel(code, settled.services, roles) {
        (roles[unit], isMember[unit], settled.services[unit]) = (.sharedKernel, false, nil)
      }
    }
    let scale =
      isFree
      ? ServiceScale(model, facts, options.weights, isMember: isMember).joined(settled.services)
      : ServiceScale.Result(asTheyAre: settled.services)
    let numbers = Self.numbered(scale, homes, code.migrations, &roles)
    serviceCount = numbers.count
    remainder = roles.contains(.remainder) ? numbers.count : nil
    service = zip(numbers.services, roles).map { $1 == .remainder ? numbers.count : $0 }
    coreArea = settled.services.enumerated().map { unit, area in
      scale.core != nil && scale.services[unit] == scale.core ? area : nil
    }
    modules = settled.modules
    let labels = scale.services.enumerated().map { $1.map(Int32.init) ?? partition.labels[$0] }
    self.roles = roles
    runs = division.runs.count
    let members = roles.indices.filter { isMember[$0] && roles[$0] == .member }
    let kept = Partition(members.map { labels[$0] })
    let keptRuns = ResampledRuns(partitions: division.runs)
      .joining(settled.services, numbers: scale.joinedNumbers) { scale.number[$0] ?? $0 }
      .restricted(to: members)
    let stability = keptRuns.persistence(in: kept)
    var unitStability = [Double](repeating: 1, count: roles.count)
    for (index, unit) in members.enumerated() { unitStability[unit] = stability[index] }
    self.unitStability = unitStability
    serviceStability = keptRuns.jaccard(of: kept)
    agreement = keptRuns.agreement(with: kept)
    modularity = facts.referenceGraph(options.weights) { isMember[$0] }
      .modularity(Partition(labels))
  }

  /// Numbers services from 0, in order of their first unit, and places migrations beside the tables
  /// that they change. What stays with the monolith gets that role.
  private static func numbered(
    _ scale: ServiceScale.Result, _ homes: ServiceHomes, _ migrations: Migrations,
    _ roles: inout [UnitRole]
  ) -> (services: [Int?], count: Int) {
    var services = scale.services
    var numbers: [Int: Int] = [:]
    for case let label? in services where label != scale.core && numbers[label] == nil {
      numbers[label] = numbers.count
    }
    let owners = homes.owners(services)
    for unit in migrations.units where roles[unit] == .member {
      services[unit] = migrations.home(of: unit, owners: owners)
      if services[unit] == nil { roles[unit] = .compositionRoot }
    }
    for (unit, label) in services.enumerated() where label != nil && label == scale.core {
      roles[unit] = .remainder
    }
    return (services.map { $0.flatMap { numbers[$0] } }, numbers.count)
  }

  /// Everything in one piece, without a run.
  init(whole facts: UnitFacts) {
    let count = facts.units.count
    roles = [UnitRole](repeating: .member, count: count)
    service = [Int?](repeating: 0, count: count)
    serviceCount = count == 0 ? 0 : 1
    remainder = nil
    coreArea = [Int?](repeating: nil, count: count)
    modules = []
    unitStability = [Double](repeating: 1, count: count)
    serviceStability = count == 0 ? [] : [1]
    agreement = 1
    modularity = 0
    runs = 0
  }

  /// Runs that tell which areas there are, before anything is set apart.
  private static let areaRuns = 16

  /// A first, coarse division of everything. What wires all areas together is still in it and would
  /// draw the walk along: handlers that one type registers look like an area of their own.
  static func areas(
    _ facts: UnitFacts, _ options: AnalysisOptions, _ workers: Workers, isInScope: [Bool]
  ) -> Partition {
    var parameters = options.parameters
    parameters.members = min(parameters.members, areaRuns)
    var clusterer = WalkClusterer(
      EvidenceGraph(facts, weights: options.weights) { isInScope[$0] },
      isMember: isInScope, parameters: parameters, workers: workers)
    clusterer.quality = .modularity
    return Partition(clusterer.divide().partition.labels.prefix(facts.units.count))
  }

  /// Qualified names of the types with a role, sorted.
  func names(of role: UnitRole, _ model: CodeModel, _ facts: UnitFacts) -> [String] {
    facts.units.units.indices.filter { roles[$0] == role }
      .flatMap { facts.units.units[$0].types.map(model.displayName) }.sorted()
  }
}

extension WalkClusterer {
  /// - Parameter isMember: units that are divided; evidence only tells which belong together.
  init(
    _ evidence: EvidenceGraph, isMember: [Bool], parameters: ClusteringParameters,
    workers: Workers
  ) {
    let witnesses = evidence.identities.count - evidence.unitCount
    self.init(
      evidence.flow, identities: evidence.identities,
      isWitness: isMember.map { !$0 } + [Bool](repeating: true, count: witnesses),
      parameters: parameters, workers: workers)
  }
}

extension UnitFacts {
  /// The damped references alone: what modularity is reported on, so that shared folders and words
  /// cannot flatter it.
  func referenceGraph(
    _ weights: SignalWeights, isIncluded: (Int) -> Bool
  ) -> WeightedGraph {
    var signal = FlowSignal()
    for link in references where isIncluded(link.from) && isIncluded(link.to) {
      signal.add(from: link.from, to: link.to, link.weight)
    }
    return WeightedGraph(
      nodeCount: units.count,
      edges: signal.edges(nodeCount: units.count, sourceShare: weights.sourceShare, share: 1))
  }
}
