// SPDX-License-Identifier: Apache-2.0

extension Remainder {
  /// The piece of the monolith that no border divides: areas whose borders do not hold, since more
  /// references cross them than stay inside, and what is too small to leave such a piece.
  public struct Core: Sendable, Equatable {
    /// A type that holds the piece together.
    public struct Hub: Sendable, Equatable {
      /// Qualified name.
      public var type: String
      /// References to it from other areas of the piece.
      public var references: Int
      /// Other areas of the piece that use it.
      public var areas: Int
      /// Where its name stands.
      public var location: Location
    }

    /// Separable types in it.
    public var types: Int
    /// Separable types that were divided.
    public var divided: Int
    /// Areas that it is made of.
    public var areas: Int
    /// References inside of one of the areas.
    public var inside: Int
    /// References from one of the areas to another.
    public var between: Int
    /// The types that other areas refer to most, most references first.
    public var hubs: [Hub]
  }
}

extension Remainder.Core {
  private static let mostHubs = 5

  init?(_ model: CodeModel, _ facts: UnitFacts, _ division: ServiceDivision) {
    let area = facts.units.unitOfType.map { division.coreArea[$0] }
    areas = Set(area.compactMap(\.self)).count
    guard areas > 0 else { return nil }
    types = division.coreArea.count { $0 != nil }
    divided = division.includedCount
    var users: [TypeID: [Int: Int]] = [:]
    var (inside, between) = (0, 0)
    for reference in model.references where reference.from != reference.to {
      guard let from = area[Int(reference.from.index)], let to = area[Int(reference.to.index)]
      else { continue }
      if from == to {
        inside += 1
      } else {
        between += 1
        users[reference.to, default: [:]][from, default: 0] += 1
      }
    }
    (self.inside, self.between) = (inside, between)
    let counted = users.map { type, areas in
      (type: type, references: areas.values.reduce(0, +), areas: areas.count)
    }.sorted { ($1.references, $0.type) < ($0.references, $1.type) }
    hubs = counted.prefix(Self.mostHubs).map { hub in
      Hub(
        type: model.displayName(hub.type), references: hub.references, areas: hub.areas,
        location: model.location(model.type(hub.type).position))
    }
  }

  /// How large it is and why it stays together.
  var sentence: String {
    "\(types) of \(divided) separable types stay with the monolith as one piece. No border divides "
      + "it: \(counted(between, "reference")) \(between == 1 ? "leads" : "lead") from one of its "
      + "\(areas) areas to another, and \(inside) \(inside == 1 ? "stays" : "stay") inside of one."
  }

  /// What is to be done about it, with the types that hold it together.
  var advice: String {
    let named = hubs.prefix(3).map { "\($0.type) (\($0.references) from \($0.areas) areas)" }
    return "\(sentence) Most lead to \(named.joined(separator: ", ")): untangle these inside of "
      + "the monolith, and further areas can leave."
  }
}

/// The piece that stays together as a finding, so that it is seen where findings are.
enum TangledCores {
  static func find(_ core: Remainder.Core?) -> [LocatedFinding] {
    guard let core else { return [] }
    return [
      LocatedFinding(
        id: "tangled-core", severity: .warning, message: core.advice,
        locations: core.hubs.map(\.location), weight: Pitfalls.points(places: core.between))
    ]
  }
}
