// SPDX-License-Identifier: Apache-2.0

/// The pitfalls, one file each, and what the scanner reported. By severity, then by weight, which
/// is about the points of effort that each costs, then by id and place.
enum Pitfalls {
  /// Places that one finding lists at most; its message carries the full number.
  static let locationLimit = 20

  /// Points of effort of places to change.
  static func points(places: Int) -> Double {
    Double(places) / Double(Service.Effort.placesPerPoint)
  }

  /// Points of effort of tables and transactions that services share.
  static func points(tables: Int = 0, transactions: Int = 0) -> Double {
    Double(
      tables * Service.Effort.tablePoints + transactions * Service.Effort.transactionPoints)
  }

  /// Everything that is known: what the scanner reported, the pitfalls of the division, and those
  /// of single services.
  static func all(
    _ context: PitfallContext, services: [Service], unready: [PrematureSplits.Unready],
    core: Remainder.Core?, decision: Verdict.Decision, asked: Int?
  ) -> [LocatedFinding] {
    sorted(
      located(
        context.model.findings + found(in: context) + NanoServices.find(context, services)
          + PrematureSplits.find(context, unready, decision)
          + fewerThanAsked(asked, services), context.model) + TangledCores.find(core))
  }

  /// Who asks for more services than can be is told so.
  private static func fewerThanAsked(_ asked: Int?, _ services: [Service]) -> [Finding] {
    guard let asked, services.count < asked else { return [] }
    return [
      Finding(
        id: "fewer-services", severity: .warning,
        message: "\(counted(asked, "service")) were asked for and "
          + "\(services.count == 1 ? "1 is" : "\(services.count) are") there: no more types can be "
          + "parted from each other.")
    ]
  }

  /// The pitfalls of a division, whoever made it.
  static func ofDivision(
    _ model: CodeModel, _ assignment: ServiceAssignment, _ crossings: BorderCrossings,
    names: [String]
  ) -> [LocatedFinding] {
    sorted(
      located(
        found(
          in: PitfallContext(
            model: model, assignment: assignment, crossings: crossings, names: names)), model))
  }

  private static func found(in context: PitfallContext) -> [Finding] {
    GodTypes.find(context) + SharedHubs.find(context) + ServiceCycles.find(context)
      + DistributedMonoliths.find(context) + SynchronousChains.find(context)
      + ChattyBoundaries.find(context) + SharedTables.find(context)
      + SharedDatabases.find(context) + CrossServiceTransactions.find(context)
      + MultiStepWrites.find(context)
  }

  private static func located(_ found: [Finding], _ model: CodeModel) -> [LocatedFinding] {
    found.map { finding in
      LocatedFinding(
        id: finding.id, severity: finding.severity, message: finding.message,
        locations: distinct(finding.locations).prefix(locationLimit).map(model.location),
        weight: finding.weight)
    }
  }

  private static func sorted(_ findings: [LocatedFinding]) -> [LocatedFinding] {
    findings.sorted { left, right in
      if left.severity != right.severity { return left.severity > right.severity }
      if left.weight != right.weight { return left.weight > right.weight }
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
  /// Services by name.
  let numbers: [String: Int]
  /// Types of each service, in order.
  let typesOfService: [[Int]]
  /// Types that tie everyone to everyone; they have a finding of their own.
  private(set) var godTypes: Set<TypeID> = []
  /// Crossing references whose answer the caller waits for, by the services on their ends. Those
  /// from and to god types are left out.
  private(set) var synchronousLinks: [ServiceLink: [Int]] = [:]

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
    numbers = Dictionary(
      names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var typesOfService = [[Int]](repeating: [], count: assignment.serviceCount)
    for (type, service) in assignment.serviceOfType.enumerated() {
      if let service { typesOfService[service].append(type) }
    }
    self.typesOfService = typesOfService
    typeLinks = Self.links(model)
    godTypes = GodTypes.types(self)
    synchronousLinks = foundSynchronousLinks()
  }

  /// References between different types, one entry per pair of types, by source and target.
  static func links(_ model: CodeModel) -> [TypeLink] {
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
    return links
  }

  /// Names of services as an enumeration: `a`, `a and b`, `a, b and c`.
  func list(_ services: some Sequence<Int>) -> String {
    let sorted = services.map { names[$0] }.sorted()
    guard let last = sorted.last, sorted.count > 1 else { return sorted.first ?? "" }
    return sorted.dropLast().joined(separator: ", ") + " and " + last
  }

  private func foundSynchronousLinks() -> [ServiceLink: [Int]] {
    var links: [ServiceLink: [Int]] = [:]
    for index in crossings.references {
      let reference = model.references[index]
      guard reference.kind == .call, !godTypes.contains(reference.from),
        !godTypes.contains(reference.to), let from = assignment[reference.from],
        let to = assignment[reference.to], crossings.seam(ofReference: index, model) == .apiCall
      else { continue }
      links[ServiceLink(from: from, to: to), default: []].append(index)
    }
    return links
  }

  /// Two services in the direction of a reference.
  struct ServiceLink: Hashable, Comparable {
    var from: Int
    var to: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.from, left.to) < (right.from, right.to)
    }
  }
}
