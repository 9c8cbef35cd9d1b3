// SPDX-License-Identifier: Apache-2.0

/// Why a type was put where it is, in numbers that can be checked in the sources.
package struct PlacementExplanation: Sendable, Equatable {
  /// All that ties the type to one service.
  package struct Pull: Sendable, Equatable {
    package var service: String
    /// References from the type to types of the service, and back.
    package var references: Int
    /// Uses of tables that the service owns.
    package var tableUses: Int
    /// References weighted by kind and table uses by access, as a share of all pulls.
    package var share: Double
    /// The strongest single ties.
    package var evidence: [Tie]
  }

  /// What ties the type to one other type or table.
  package struct Tie: Sendable, Equatable {
    /// The other type's qualified name, or the table.
    package var name: String
    /// True when the other refers to this type.
    package var isInbound: Bool
    /// Kinds of the references by number, most first.
    package var kinds: [KindCount]
    /// Weight of all of them.
    package var weight: Double
    /// The first place.
    package var location: Location
  }

  /// References of one kind.
  package struct KindCount: Sendable, Equatable {
    package var name: String
    package var count: Int
  }

  /// Qualified name.
  package var type: String
  package var module: String
  package var location: Location
  /// Types that move along because they are nested in it or it in them.
  package var nested: [String]
  package var placement: BoundaryStudy.Placement
  package var cause: PlacementCause
  /// Share of the runs with noise in which it keeps its place; nil for types set apart.
  package var stability: Double?
  package var runs: Int
  /// The services that pull at it, strongest first.
  package var pulls: [Pull]
  /// Services with a type that refers to it, its own among them; what remains of the monolith is
  /// none.
  package var users: Int
  /// References between it and types of services that were read from syntax alone.
  package var syntactic: Int
  /// Places of those that only the name of a member tells, in order.
  package var byNameAlone: [Location]

  /// The pull of the service it is in.
  package var own: Pull? { pulls.first { .service($0.service) == placement } }
  /// The strongest pull of another service.
  package var runnerUp: Pull? { pulls.first { .service($0.service) != placement } }
  /// Share of its own service less that of the runner-up; negative when others pull more.
  package var margin: Double { (own?.share ?? 0) - (runnerUp?.share ?? 0) }
}

extension BoundaryStudy {
  /// Ties that an explanation lists for each service.
  private static let tieLimit = 5

  /// Why a type is where it is.
  package func explanation(of name: String) throws(StudyQuestionError) -> PlacementExplanation {
    let id = try type(named: name)
    let unit = facts.units.units[facts.units[id]]
    let member = suggestion.services.lazy.flatMap(\.types).first {
      $0.name == model.displayName(id) && $0.location == model.location(model.type(id).position)
    }
    let types = Set(unit.types)
    let syntactic = model.references.filter { reference in
      types.contains(reference.from) != types.contains(reference.to) && reference.tier == .syntax
        && assignment[types.contains(reference.to) ? reference.from : reference.to] != nil
    }
    return PlacementExplanation(
      type: model.displayName(id), module: model.type(id).module,
      location: model.location(model.type(id).position),
      nested: unit.types.filter { $0 != id }.map(model.displayName).sorted(),
      placement: placement(of: id), cause: cause(of: id), stability: member?.stability,
      runs: suggestion.quality.runs,
      pulls: pulls(types), users: users(types).count, syntactic: syntactic.count,
      byNameAlone: syntactic.filter(\.isByNameAlone).map { model.location($0.position) })
  }

  private func users(_ types: Set<TypeID>) -> Set<Int> {
    var users: Set<Int> = []
    for reference in model.references
    where types.contains(reference.to) && !types.contains(reference.from) {
      if let user = assignment[reference.from], user != assignment.remainder { users.insert(user) }
    }
    return users
  }

  private func pulls(_ types: Set<TypeID>) -> [PlacementExplanation.Pull] {
    var ties: [TieKey: TieCount] = [:]
    for reference in model.references
    where types.contains(reference.from) != types.contains(reference.to) {
      let isInbound = types.contains(reference.to)
      let other = isInbound ? reference.from : reference.to
      guard let service = assignment[other] else { continue }
      ties[
        TieKey(service: service, name: model.displayName(other), isInbound: isInbound),
        default: TieCount()
      ].add(
        reference.kind.rawValue, SignalWeights.weight(of: reference.kind), reference.position)
    }
    for use in model.tableUses where types.contains(use.type) {
      guard let service = assignment.ownerOfTable[use.table] else { continue }
      ties[
        TieKey(service: service, name: "table " + use.table, isInbound: false), default: TieCount()
      ].add("table-" + use.access.rawValue, SignalWeights.weight(of: use.access), use.position)
    }
    let all = ties.values.reduce(0) { $0 + $1.weight }
    return Dictionary(grouping: ties, by: \.key.service).map { service, ties in
      pull(service, ties.map { ($0.key, $0.value) }, all)
    }.sorted { ($1.share, $0.service) < ($0.share, $1.service) }
  }

  private func pull(
    _ service: Int, _ ties: [(TieKey, TieCount)], _ all: Double
  ) -> PlacementExplanation.Pull {
    let listed = ties.map { key, count in
      PlacementExplanation.Tie(
        name: key.name, isInbound: key.isInbound,
        kinds: count.kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
          .map { PlacementExplanation.KindCount(name: $0.key, count: $0.value) },
        weight: count.weight, location: model.location(count.first))
    }.sorted {
      $0.weight != $1.weight
        ? $0.weight > $1.weight : ($0.location, $0.name) < ($1.location, $1.name)
    }
    let tables = ties.filter { $0.0.name.hasPrefix("table ") }.map(\.1.count).reduce(0, +)
    let weight = ties.map(\.1.weight).reduce(0, +)
    return PlacementExplanation.Pull(
      service: names[service], references: ties.map(\.1.count).reduce(0, +) - tables,
      tableUses: tables, share: all > 0 ? weight / all : 0,
      evidence: Array(listed.prefix(Self.tieLimit)))
  }
}

private struct TieKey: Hashable {
  var service: Int
  var name: String
  var isInbound: Bool
}

/// References in one direction between a type and another.
private struct TieCount {
  private(set) var kinds: [String: Int] = [:]
  private(set) var weight = 0.0
  private(set) var first = SourcePosition(file: FileID(Int(Int32.max)), line: 0, column: 0)

  var count: Int { kinds.values.reduce(0, +) }

  mutating func add(_ kind: String, _ weight: Double, _ position: SourcePosition) {
    kinds[kind, default: 0] += 1
    self.weight += weight
    first = min(first, position)
  }
}
