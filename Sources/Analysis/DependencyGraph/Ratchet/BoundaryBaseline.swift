// SPDX-License-Identifier: Apache-2.0

/// Borders that a team has agreed on, and what crosses them today. A check against it divides
/// nothing: borders stay where they are until somebody writes them anew, so a change elsewhere in
/// the code cannot move them.
package struct BoundaryBaseline: Sendable, Equatable, Codable {
  /// Value of `schema`.
  package static let schema = "strangler.baseline/1"

  /// A service and its types.
  package struct Service: Sendable, Equatable, Codable {
    package var name: String
    /// Keys of its types, sorted.
    package var types: [String]
  }

  /// References of one kind from a type to a symbol of another service, wherever they stand: lines
  /// move with every edit, names do not.
  package struct Crossing: Sendable, Equatable, Codable {
    package var from: String
    package var to: String
    package var symbol: String
    package var kind: String
    /// Places.
    package var count: Int

    var key: CrossingKey { CrossingKey(from: from, to: to, symbol: symbol, kind: kind) }
  }

  package var schema: String
  /// By name.
  package var services: [Service]
  /// Keys of types that belong to no service.
  package var setApart: [String]
  /// File that declares each type, by key. Tells types apart that share a name; a baseline without
  /// it is read too.
  package var files: [String: String]?
  /// Keys of the types whose members belong to services of their own; a baseline without it is
  /// read too.
  package var takenApart: [String]?
  /// Service that owns each table: whoever comes to use it later cannot take it over. A baseline
  /// without it is read too.
  package var tableOwners: [String: String]?
  /// By source, target, symbol and kind.
  package var crossings: [Crossing]

  /// Types that it knows.
  package var types: Int { services.reduce(setApart.count) { $0 + $1.types.count } }

  /// What a study found.
  package init(_ study: BoundaryStudy) {
    schema = Self.schema
    let keys = TypeKeys(study.model)
    var types = [Set<String>](repeating: [], count: study.names.count)
    var apart: Set<String> = []
    var files: [String: String] = [:]
    for index in study.model.types.indices {
      if study.model.types[index].kind != .fileScope {
        files[keys[index]] = study.model.location(study.model.types[index].position).file
      }
      if let service = study.assignment.serviceOfType[index] {
        types[service].insert(keys[index])
      } else {
        apart.insert(keys[index])
      }
    }
    services = zip(study.names, types).map { Service(name: $0, types: $1.sorted()) }
      .sorted { $0.name < $1.name }
    setApart = apart.sorted()
    self.files = files
    takenApart = study.model.takenApart.map { keys[$0] }.sorted()
    tableOwners = study.assignment.ownerOfTable.mapValues { study.names[$0] }
    crossings = CrossingPlaces(study.model, study.crossings, keys).counted
  }
}

/// What a crossing is known by.
struct CrossingKey: Hashable, Comparable {
  var from: String
  var to: String
  var symbol: String
  var kind: String

  static func < (left: Self, right: Self) -> Bool {
    (left.from, left.to, left.symbol, left.kind) < (right.from, right.to, right.symbol, right.kind)
  }
}

/// The places of each crossing.
struct CrossingPlaces {
  private(set) var places: [CrossingKey: [SourcePosition]] = [:]

  init(_ model: CodeModel, _ crossings: BorderCrossings, _ keys: TypeKeys) {
    for index in crossings.references {
      let reference = model.references[index]
      let key = CrossingKey(
        from: keys[reference.from], to: keys[reference.to], symbol: reference.symbol,
        kind: reference.kind.rawValue)
      places[key, default: []].append(reference.position)
    }
    for index in crossings.tableUses {
      let use = model.tableUses[index]
      let key = CrossingKey(
        from: keys[use.type], to: "table " + use.table, symbol: use.table,
        kind: Cut.Kind.table(use.access).name)
      places[key, default: []].append(use.position)
    }
  }

  var counted: [BoundaryBaseline.Crossing] {
    places.sorted { $0.key < $1.key }.map { key, places in
      BoundaryBaseline.Crossing(
        from: key.from, to: key.to, symbol: key.symbol, kind: key.kind, count: places.count)
    }
  }
}
