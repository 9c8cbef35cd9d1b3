// SPDX-License-Identifier: Apache-2.0

/// What is left of the monolith when all services have gone. It is no service: nobody extracts it.
public struct Remainder: Sendable, Equatable {
  /// A member of a type that is taken apart.
  public struct Part: Sendable, Equatable {
    /// Type that it is a member of.
    public var type: String
    /// Name; overloads share it.
    public var member: String
    /// Service that it moves to; nil for what stays.
    public var service: String?
    /// Where its name stands.
    public var location: Location
  }

  /// Name that cuts call it by.
  public var name: String
  /// Qualified names of what stays: the rest of types that knew everybody, their members that most
  /// areas use, and logs.
  public var types: [String]
  /// Members of the types that are taken apart, by type and name.
  public var parts: [Part]
  /// The piece of it that no border divides; nil where everything else has one.
  public var core: Core?
  /// Tables that it owns, and others that it uses.
  public var tables = Service.Tables(owned: [], shared: [])
  /// Routes that it goes on answering, by path and method.
  public var routes: [Service.Route] = []
  /// Qualified names of its background jobs.
  public var jobs: [String] = []
}

/// Code that serves nothing.
public struct CodeModule: Sendable, Equatable {
  /// Name of the target, or one from its vocabulary.
  public var name: String
  /// Qualified names of its types, sorted.
  public var types: [String]
  /// Services that use it, by name.
  public var usedBy: [String]
}

extension Remainder {
  static let defaultName = "monolith"

  /// - Parameter described: it as if it were a service.
  init?(
    _ code: PreparedCode, _ division: ServiceDivision, _ assignment: ServiceAssignment,
    as described: Service?, names: [String]
  ) {
    guard let remainder = assignment.remainder else { return nil }
    let model = code.model
    name = names[remainder]
    types = model.types.indices.filter { assignment.serviceOfType[$0] == remainder }
      .map { model.displayName(TypeID($0)) }.sorted()
    parts = model.ownerOfPart.map { part, owner in
      let service = assignment[part]
      return Part(
        type: model.displayName(owner), member: model.type(part).name,
        service: service == remainder ? nil : service.map { names[$0] },
        location: model.location(model.type(part).position))
    }.sorted { ($0.type, $0.member) < ($1.type, $1.member) }
    core = Core(model, code.facts, division)
    if let described {
      (tables, routes, jobs) = (described.tables, described.routes, described.jobs)
    }
  }
}

extension CodeModule {
  /// Modules beside the programs that are divided, and groups of types that serve nothing.
  static func all(
    _ code: PreparedCode, _ division: ServiceDivision, _ assignment: ServiceAssignment,
    names: [String]
  ) -> [CodeModule] {
    let (model, facts) = (code.model, code.facts)
    var groups: [(name: String, units: [Int])] = division.modules.map { units in
      (ServiceNames.moduleName(model, facts, units), units)
    }
    let outside = facts.units.units.indices.filter { !code.isInScope[$0] }
    let targets = Dictionary(grouping: outside) { unit in
      model.files[Int(facts.units.units[unit].file.index)].module
    }
    groups += targets.map { ($0.key, $0.value) }
    var users: [Int: Set<Int>] = [:]
    for link in facts.references {
      if let service = division.service[link.from], division.service[link.to] == nil {
        users[link.to, default: []].insert(service)
      }
    }
    return groups.map { group in
      let using = group.units.reduce(into: Set<Int>()) { $0.formUnion(users[$1] ?? []) }
      return CodeModule(
        name: group.name,
        types: group.units.flatMap { facts.units.units[$0].types.map(model.displayName) }.sorted(),
        usedBy: using.map { names[$0] }.sorted())
    }.sorted { ($0.name, $0.types.first ?? "") < ($1.name, $1.types.first ?? "") }
  }
}
