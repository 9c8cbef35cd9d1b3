// SPDX-License-Identifier: Apache-2.0

/// The pitfalls, one file each, and what the scanner reported. Worst first, then by id and place.
enum Pitfalls {
  /// Places that one finding lists at most; its message carries the full number.
  static let locationLimit = 20

  static func all(
    _ model: CodeModel, _ assignment: ServiceAssignment, _ crossings: BorderCrossings,
    names: [String]
  ) -> [LocatedFinding] {
    let context = PitfallContext(
      model: model, assignment: assignment, crossings: crossings, names: names)
    let found =
      model.findings + GodTypes.find(context) + SharedHubs.find(context)
      + ServiceCycles.find(context) + SharedTables.find(context)
      + CrossServiceTransactions.find(context)
    return found.map { finding in
      LocatedFinding(
        id: finding.id, severity: finding.severity, message: finding.message,
        locations: distinct(finding.locations).prefix(locationLimit).map(model.location))
    }.sorted { left, right in
      if left.severity != right.severity { return left.severity > right.severity }
      if left.id != right.id { return left.id < right.id }
      if left.locations.first != right.locations.first {
        guard let first = left.locations.first, let second = right.locations.first else {
          return left.locations.isEmpty
        }
        return first < second
      }
      return left.message < right.message
    }
  }
}

extension Pitfalls {
  /// One call can write several tables, and so give the same place several times.
  private static func distinct(_ positions: [SourcePosition]) -> [SourcePosition] {
    var seen: Set<SourcePosition> = []
    return positions.filter { seen.insert($0).inserted }
  }
}

/// What every search for a pitfall reads.
struct PitfallContext {
  let model: CodeModel
  /// References between different types, one entry per pair of types, by source and target.
  let typeLinks: [TypeLink]
  let assignment: ServiceAssignment
  let crossings: BorderCrossings
  let names: [String]

  struct TypeLink {
    var from: TypeID
    var to: TypeID
    var references: Int
  }

  init(
    model: CodeModel, assignment: ServiceAssignment, crossings: BorderCrossings,
    names: [String]
  ) {
    self.model = model
    self.assignment = assignment
    self.crossings = crossings
    self.names = names
    var keys: [Int64] = []
    keys.reserveCapacity(model.references.count)
    for reference in model.references where reference.from != reference.to {
      keys.append(Int64(reference.from.index) << 32 | Int64(reference.to.index))
    }
    keys.sort()
    var links: [TypeLink] = []
    for (index, key) in keys.enumerated() {
      if index > 0, keys[index - 1] == key {
        links[links.count - 1].references += 1
      } else {
        links.append(
          TypeLink(
            from: TypeID(Int(key >> 32)), to: TypeID(Int(key & 0xFFFF_FFFF)), references: 1))
      }
    }
    typeLinks = links
  }

  /// Names of services as an enumeration: `a`, `a and b`, `a, b and c`.
  func list(_ services: some Sequence<Int>) -> String {
    let sorted = services.map { names[$0] }.sorted()
    guard let last = sorted.last, sorted.count > 1 else { return sorted.first ?? "" }
    return sorted.dropLast().joined(separator: ", ") + " and " + last
  }
}
