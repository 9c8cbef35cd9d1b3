// SPDX-License-Identifier: Apache-2.0

/// What an analysis is not sure of, counted, with the places to look at.
public struct Doubts: Sendable, Equatable {
  /// Stability from which a type is taken to be where it belongs.
  public static let firmStability = 0.8

  /// A type that could as well stand elsewhere.
  public struct Placement: Sendable, Equatable {
    /// Qualified name.
    public var type: String
    /// Service that it was put into.
    public var service: String
    /// Where its name stands.
    public var location: Location
    /// Share of the runs with noise in which it keeps its place: most of its service, or more of
    /// that than of any other, stands with it.
    public var stability: Double
    /// Service that pulls at it more than its own does, or most of the others; nil where no other
    /// is tied to it.
    public var rival: String?
    /// References and table uses tie it more to the rival than to its own service.
    public var isPulledAway: Bool
    /// Creates a placement.
    public init(
      type: String, service: String, location: Location, stability: Double, rival: String?,
      isPulledAway: Bool
    ) {
      self.type = type
      self.service = service
      self.location = location
      self.stability = stability
      self.rival = rival
      self.isPulledAway = isPulledAway
    }
  }

  /// References that were read.
  public var references = 0
  /// Those of them that were read from the syntax and that no compiler has confirmed.
  public var syntactic = 0
  /// Those of them that only the name of a member tells: its owner's type was not found out, and a
  /// single visible type has a member of that name.
  public var byNameAlone = 0
  /// Cuts that rest on such a reference, in order of place.
  public var uncertainCuts: [Location] = []
  /// Types that noise moves or that another service pulls at more, most doubtful first.
  public var placements: [Placement] = []
  /// Types that no reference, table or route ties to any service: folders, words and modules alone
  /// say where they belong. In order of place.
  public var untied: [Placement] = []
}

extension BoundaryStudy {
  /// What this study is not sure of.
  func doubts(_ cuts: [Cut]) -> Doubts {
    let (placements, untied) = doubtfulPlacements()
    let found = model.references
    return Doubts(
      references: found.count, syntactic: found.count { $0.tier == .syntax },
      byNameAlone: found.count { $0.isByNameAlone },
      uncertainCuts: cuts.filter { $0.evidence == .name }.map(\.location), placements: placements,
      untied: untied)
  }

  private func doubtfulPlacements() -> ([Doubts.Placement], untied: [Doubts.Placement]) {
    let pulls = UnitPulls(model, facts.units, assignment)
    var stability: [Location: Double] = [:]
    for member in suggestion.services.flatMap(\.types) {
      stability[member.location] = member.stability
    }
    var doubtful: [Doubts.Placement] = []
    var untied: [Doubts.Placement] = []
    for (unit, members) in facts.units.units.enumerated() {
      let type = members.types[0]
      guard let own = assignment[type], own != assignment.remainder,
        model.type(type).kind != .fileScope
      else { continue }
      let location = model.location(model.type(type).position)
      let rival = pulls.strongest(of: unit, except: own)
      let isPulledAway = (rival?.weight ?? 0) > pulls.weight(of: unit, to: own)
      let placement = Doubts.Placement(
        type: model.displayName(type), service: names[own], location: location,
        stability: stability[location] ?? 1, rival: rival.map { names[$0.service] },
        isPulledAway: isPulledAway)
      if pulls.isEmpty(unit) {
        if assignment.serviceCount > 1 { untied.append(placement) }
      } else if isPulledAway || placement.stability < Doubts.firmStability {
        doubtful.append(placement)
      }
    }
    doubtful.sort {
      $0.stability != $1.stability
        ? $0.stability < $1.stability : ($0.type, $0.location) < ($1.type, $1.location)
    }
    untied.sort { $0.location < $1.location }
    return (doubtful, untied)
  }
}

/// How much the services tie each unit, by references and uses of tables.
struct UnitPulls {
  private var weights: [[Int: Double]]
  private var hasRoute: [Bool]

  init(_ model: CodeModel, _ units: CodeUnits, _ assignment: ServiceAssignment) {
    var weights = [[Int: Double]](repeating: [:], count: units.count)
    for reference in model.references {
      let (from, to) = (units[reference.from], units[reference.to])
      guard from != to else { continue }
      let weight = SignalWeights.weight(of: reference.kind)
      if let service = assignment[reference.to] { weights[from][service, default: 0] += weight }
      if let service = assignment[reference.from] { weights[to][service, default: 0] += weight }
    }
    for use in model.tableUses {
      guard let owner = assignment.ownerOfTable[use.table] else { continue }
      weights[units[use.type]][owner, default: 0] += SignalWeights.weight(of: use.access)
    }
    var hasRoute = [Bool](repeating: false, count: units.count)
    for route in model.routes { hasRoute[units[route.handler]] = true }
    self.weights = weights
    self.hasRoute = hasRoute
  }

  func isEmpty(_ unit: Int) -> Bool { weights[unit].isEmpty && !hasRoute[unit] }

  func weight(of unit: Int, to service: Int) -> Double { weights[unit][service] ?? 0 }

  /// Of equal ones that with the lowest number.
  func strongest(of unit: Int, except own: Int) -> (service: Int, weight: Double)? {
    weights[unit].filter { $0.key != own }
      .max { ($0.value, $1.key) < ($1.value, $0.key) }
      .map { (service: $0.key, weight: $0.value) }
  }
}
