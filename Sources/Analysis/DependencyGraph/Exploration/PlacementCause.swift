// SPDX-License-Identifier: Apache-2.0

/// Why a type is where it is, where that is not what it is tied to.
package enum PlacementCause: Sendable, Equatable {
  /// Its ties decide.
  case ties
  /// It answers whoever operates the process, and nobody else.
  case operatorsOnly
  /// It makes or changes the tables of so many services.
  case tables(services: Int)
  /// It uses so many services, and hardly anyone uses it.
  case wiring(services: Int)
  /// Only wiring uses it.
  case ofWiring
  /// It is a type that most areas go through, so many of whose members move to services.
  case takenApart(moving: Int, members: Int)
  /// A member of such a type that belongs to no single service.
  case heldForMany(type: String)
  /// It is part of the piece of the monolith that no border divides.
  case core
  /// It is part of a log, which nearly everyone writes into and which alone touches its tables.
  case log
}

extension BoundaryStudy {
  func cause(of id: TypeID) -> PlacementCause {
    let unit = facts.units[id]
    switch roles[unit] {
    case .member, .module, .sharedKernel: return .ties
    case .remainder:
      if assignment.core.contains(id) { return .core }
      if let owner = model.ownerOfPart[id] { return .heldForMany(type: model.displayName(owner)) }
      let parts = model.ownerOfPart.filter { $0.value == id }.keys
      guard !parts.isEmpty else { return .log }
      return .takenApart(
        moving: parts.count { assignment[$0] != assignment.remainder }, members: parts.count)
    case .compositionRoot:
      if OperationalRoutes(model, facts.units).units.contains(unit) { return .operatorsOnly }
      let tables = servicesWhoseTables(unit)
      let used = servicesUsed(by: unit)
      if tables > max(1, used) { return .tables(services: tables) }
      return used > 1 ? .wiring(services: used) : .ofWiring
    }
  }

  private func servicesWhoseTables(_ unit: Int) -> Int {
    let owners = model.tableUses.filter { facts.units[$0.type] == unit && $0.access == .defines }
      .compactMap { assignment.ownerOfTable[$0.table] }
    return Set(owners).subtracting([assignment.remainder].compactMap(\.self)).count
  }

  private func servicesUsed(by unit: Int) -> Int {
    let used = facts.units.units[unit].types.reduce(into: Set<Int>()) { used, type in
      for reference in model.references where reference.from == type {
        if let service = assignment[reference.to], service != assignment.remainder {
          used.insert(service)
        }
      }
    }
    return used.count
  }
}
