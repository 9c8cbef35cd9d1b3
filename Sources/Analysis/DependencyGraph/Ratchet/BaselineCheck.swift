// SPDX-License-Identifier: Apache-2.0

/// What a check of today's sources against agreed borders found.
package struct BaselineCheck: Sendable, Equatable {
  /// A crossing with its services and places.
  package struct Crossing: Sendable, Equatable {
    package var fromService: String
    package var toService: String
    package var crossing: BoundaryBaseline.Crossing
    /// Places in the baseline.
    package var before: Int
    package var locations: [Location]
  }

  /// A type that the baseline does not know.
  package struct NewType: Sendable, Equatable {
    package var type: String
    /// Service that it counts to: that of all other types of its file, else the one it shares most
    /// references with, else the one with most types in its folder.
    package var service: String?
    package var location: Location
  }

  /// Crossings that the baseline has not: these fail the check.
  package var new: [Crossing]
  /// Entries of the baseline that nothing matches any more: these fail too, so that what was won
  /// cannot come back unseen.
  package var stale: [BoundaryBaseline.Crossing]
  /// Known crossings at more places than before.
  package var grown: [Crossing]
  /// Known crossings at fewer places than before.
  package var shrunk: [Crossing]
  package var newTypes: [NewType]
  /// Types that the baseline knows: none where it is one of another code base.
  package var knownTypes = 0
  /// Places that cross now, and in the baseline.
  package var places: (now: Int, before: Int)

  package var passes: Bool { new.isEmpty && stale.isEmpty }

  package static func == (left: BaselineCheck, right: BaselineCheck) -> Bool {
    left.new == right.new && left.stale == right.stale && left.grown == right.grown
      && left.shrunk == right.shrunk && left.newTypes == right.newTypes
      && left.knownTypes == right.knownTypes && left.places == right.places
  }
}

extension BoundaryBaseline {
  /// Looks for what crosses the borders of this baseline today.
  package func check(_ model: CodeModel) -> BaselineCheck {
    let model = takingApart(model.canonical())
    let keys = TypeKeys(model, knownTo: self)
    let names = services.map(\.name)
    let (service, newTypes) = placed(model, keys)
    let numberOfName = Dictionary(
      services.enumerated().map { ($0.element.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    let assignment = ServiceAssignment(
      model, serviceOfType: service, serviceCount: services.count,
      owners: (tableOwners ?? [:]).compactMapValues { numberOfName[$0] })
    let found = CrossingPlaces(model, BorderCrossings(model, assignment), keys)
    var numbers: [String: Int] = [:]
    for (index, number) in service.enumerated() { numbers[keys[index]] = number }
    func name(_ key: String) -> String {
      let owner =
        key.hasPrefix("table ")
        ? assignment.ownerOfTable[String(key.dropFirst("table ".count))] : numbers[key]
      return owner.map { names[$0] } ?? "?"
    }
    var known: [CrossingKey: Int] = [:]
    for crossing in crossings { known[crossing.key] = crossing.count }
    var check = BaselineCheck(
      new: [], stale: crossings.filter { found.places[$0.key] == nil }, grown: [], shrunk: [],
      newTypes: newTypes, knownTypes: model.types.count - newTypes.count,
      places: (
        found.places.values.reduce(0) { $0 + $1.count }, crossings.reduce(0) { $0 + $1.count }
      ))
    for crossing in found.counted {
      let before = known[crossing.key] ?? 0
      guard before != crossing.count else { continue }
      let entry = BaselineCheck.Crossing(
        fromService: name(crossing.from), toService: name(crossing.to), crossing: crossing,
        before: before, locations: (found.places[crossing.key] ?? []).map(model.location))
      if before == 0 {
        check.new.append(entry)
      } else if before < crossing.count {
        check.grown.append(entry)
      } else {
        check.shrunk.append(entry)
      }
    }
    return check
  }

  /// Types that the baseline takes apart and that have become so small that a scan no longer tells
  /// their members one by one: module and qualified name.
  package func typesToTell(_ model: CodeModel) -> Set<String> {
    guard let takenApart, !takenApart.isEmpty else { return [] }
    let keys = TypeKeys(model, knownTo: self)
    let known = Set(takenApart)
    let told = Set(model.members.map(\.owner))
    return Set(
      model.types.indices.filter { known.contains(keys[$0]) && !told.contains(TypeID($0)) }
        .map { model.types[$0].module + "." + model.types[$0].qualifiedName })
  }

  /// The code in the parts that the baseline knows.
  func takingApart(_ model: CodeModel) -> CodeModel {
    guard let takenApart, !takenApart.isEmpty else { return model }
    let keys = TypeKeys(model, knownTo: self)
    let known = Set(takenApart)
    return model.takingApart(
      Set(model.types.indices.filter { known.contains(keys[$0]) }.map(TypeID.init)))
  }

  /// The service of each type, and the types that were placed by what they touch.
  func placed(
    _ model: CodeModel, _ keys: TypeKeys
  ) -> (service: [Int?], new: [BaselineCheck.NewType]) {
    var numbers: [String: Int?] = [:]
    for key in setApart { numbers[key] = .some(nil) }
    for (number, service) in services.enumerated() {
      for type in service.types { numbers[type] = number }
    }
    var service = model.types.indices.map { numbers[keys[$0]] ?? nil }
    let unknown = model.types.indices.filter { numbers[keys[$0]] == nil }
    guard !unknown.isEmpty else { return (service, []) }
    let isUnknown = Set(unknown)
    var pulls: [Int: [Int: Int]] = [:]
    for reference in model.references {
      let (from, to) = (Int(reference.from.index), Int(reference.to.index))
      if isUnknown.contains(from), let other = service[to] {
        pulls[from, default: [:]][other, default: 0] += 1
      }
      if isUnknown.contains(to), let other = service[from] {
        pulls[to, default: [:]][other, default: 0] += 1
      }
    }
    var inFolder: [Substring: [Int: Int]] = [:]
    var inFile: [FileID: Set<Int>] = [:]
    for index in model.types.indices {
      guard let number = service[index] else { continue }
      inFolder[folder(model, index), default: [:]][number, default: 0] += 1
      inFile[model.types[index].position.file, default: []].insert(number)
    }
    var new: [BaselineCheck.NewType] = []
    for index in unknown {
      // Whoever writes into a service's file writes that service, whatever he calls from there:
      // what is new and uses another service most of all is just what has to be seen.
      let ofFile = inFile[model.types[index].position.file].flatMap { $0.count == 1 ? $0 : nil }
      let candidates =
        ofFile.map { Dictionary(uniqueKeysWithValues: $0.map { ($0, 1) }) } ?? pulls[index]
        ?? inFolder[folder(model, index)] ?? [:]
      let best = candidates.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      service[index] = best
      new.append(
        BaselineCheck.NewType(
          type: keys[index], service: best.map { services[$0].name },
          location: model.location(model.types[index].position)))
    }
    return (service, new)
  }

  private func folder(_ model: CodeModel, _ type: Int) -> Substring {
    let path = model.files[Int(model.types[type].position.file.index)].path
    return path.lastIndex(of: "/").map { path[..<$0] } ?? ""
  }
}
