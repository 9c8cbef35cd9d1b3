// SPDX-License-Identifier: Apache-2.0

/// Which service each type and each table belongs to; indices count services from 0.
struct ServiceAssignment: Sendable {
  /// All numbers; the last one is that of the remainder where there is one.
  let serviceCount: Int
  /// Number of what remains of the monolith, which is no service.
  let remainder: Int?
  /// Types of the remainder that no border divides: they are asked, where its others are held.
  let core: Set<TypeID>
  /// Service of each type; nil for types that are set apart.
  let serviceOfType: [Int?]
  /// Service that should own each table that any service uses.
  let ownerOfTable: [String: Int]

  init(_ model: CodeModel, _ facts: UnitFacts, _ division: ServiceDivision) {
    let serviceOfType = facts.units.unitOfType.map { division.service[$0] }
    self.init(
      model, serviceOfType: serviceOfType,
      serviceCount: division.serviceCount + (division.remainder == nil ? 0 : 1),
      remainder: division.remainder,
      core: Set(
        facts.units.unitOfType.indices.filter {
          division.coreArea[facts.units.unitOfType[$0]] != nil
        }.map { TypeID($0) }))
  }

  /// An assignment that is given, for instance one that was stored.
  ///
  /// - Parameter owners: services of tables whose owners are known; the others are found.
  init(
    _ model: CodeModel, serviceOfType: [Int?], serviceCount: Int, remainder: Int? = nil,
    core: Set<TypeID> = [], owners: [String: Int] = [:]
  ) {
    self.serviceCount = serviceCount
    self.remainder = remainder
    self.core = core
    self.serviceOfType = serviceOfType
    ownerOfTable = Self.owners(model, serviceOfType).merging(owners) { $1 }
  }

  subscript(type: TypeID) -> Int? { serviceOfType[Int(type.index)] }

  /// Whether a type stays with the monolith and is merely held by those who use it: each service
  /// makes an instance of its own.
  func isHeld(_ type: TypeID) -> Bool {
    remainder != nil && self[type] == remainder && !core.contains(type)
  }

  /// A record type weighs more than a write, a write more than a read: the owner is who knows what
  /// a row means.
  private static func claim(_ access: TableUse.Access) -> Double {
    switch access {
    case .maps: 4
    case .writes: 3
    case .reads: 1
    case .defines: 0.01
    }
  }

  /// A type claims a table once for each kind of use: one that writes at ten places knows no more
  /// about a row than one that writes at a single place.
  private struct Claim: Hashable {
    var table: String
    var type: TypeID
    var access: TableUse.Access
  }

  private static func owners(_ model: CodeModel, _ serviceOfType: [Int?]) -> [String: Int] {
    // Of equal claims the one of the earliest type wins: numbers of services are not the same
    // wherever a division is read back.
    var claims: [String: [Int: (weight: Double, first: TypeID)]] = [:]
    var counted: Set<Claim> = []
    for use in model.tableUses {
      guard let service = serviceOfType[Int(use.type.index)],
        counted.insert(Claim(table: use.table, type: use.type, access: use.access)).inserted
      else { continue }
      let known = claims[use.table]?[service] ?? (0, use.type)
      claims[use.table, default: [:]][service] = (
        known.weight + claim(use.access), min(known.first, use.type)
      )
    }
    return claims.compactMapValues { services in
      services.max { ($0.value.weight, $1.value.first) < ($1.value.weight, $0.value.first) }?.key
    }
  }
}
