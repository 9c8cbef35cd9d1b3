// SPDX-License-Identifier: Apache-2.0

/// Moves and merges to try out on a study.
package struct WhatIf: Sendable, Equatable {
  /// A type, with those nested in it, that goes to a service.
  package struct Move: Sendable, Equatable {
    package var type: String
    /// A service, or `shared-kernel` to set the type apart, which only values can be.
    package var service: String

    package init(type: String, service: String) {
      self.type = type
      self.service = service
    }
  }

  package var moves: [Move]
  /// Services that become one, which keeps the first name.
  package var merges: [[String]]

  package init(moves: [Move] = [], merges: [[String]] = []) {
    self.moves = moves
    self.merges = merges
  }

  /// The name that sets a type apart.
  package static let sharedKernel = "shared-kernel"
}

/// What moves and merges would change.
package struct WhatIfAnswer: Sendable, Equatable {
  /// Numbers of one division.
  package struct Measures: Sendable, Equatable {
    package var services: Int
    /// References between types of services.
    package var references: Int
    package var crossingReferences: Int
    /// Uses of tables of another service.
    package var crossingTableUses: Int
    /// References from the shared kernel to types of services: to be cut too.
    package var kernelReferences: Int
    package var modularity: Double
    /// What services have to agree upon: symbols that one calls of another, or tells by an event.
    package var contracts: Int
    /// Pairs of services that refer to each other.
    package var mutualPairs: Int
    package var warnings: Int
  }

  /// A service before and after; one side is nil where it is new or gone.
  package struct ServiceChange: Sendable, Equatable {
    package var name: String
    package var before: Side?
    package var after: Side?

    package struct Side: Sendable, Equatable {
      package var types: Int
      package var cohesion: Double
      package var coupling: Double
      package var instability: Double
      package var places: Int
    }
  }

  /// What moves along unasked, and what moves out of the shared kernel cost, a sentence each.
  package var notes: [String]
  package var before: Measures
  package var after: Measures
  /// Services that differ, by name.
  package var services: [ServiceChange]
  /// Places that would have to be cut in addition, in order of place.
  package var newCuts: [Cut]
  /// Places that would not have to be cut any more.
  package var savedCuts: [Cut]
  /// Findings that would appear, and that would go.
  package var newFindings: [LocatedFinding]
  package var goneFindings: [LocatedFinding]
}

extension BoundaryStudy {
  /// What a division would look like after some moves and merges, made in the order given. Nothing
  /// is divided again.
  package func answer(to question: WhatIf) throws(StudyQuestionError) -> WhatIfAnswer {
    var service = assignment.serviceOfType
    var moved: [TypeID] = []
    for move in question.moves {
      let id = try type(named: move.type)
      let target = move.service == WhatIf.sharedKernel ? nil : try self.service(named: move.service)
      for type in facts.units.units[facts.units[id]].types { service[Int(type.index)] = target }
      moved.append(id)
    }
    let kernel = try guarded(moved, service)
    // Where the types of a service went with the merges before.
    var root = Array(names.indices)
    for merge in question.merges {
      var numbers: [Int] = []
      for name in merge { numbers.append(root[try self.service(named: name)]) }
      guard let first = numbers.first, Set(numbers).count > 1 else {
        throw StudyQuestionError.nothingToMerge(merge)
      }
      // Who joins what remains of the monolith does not leave it, whichever is named first.
      let kept = numbers.first { $0 == assignment.remainder } ?? first
      for index in service.indices {
        if let old = service[index], numbers.contains(old) { service[index] = kept }
      }
      for index in root.indices where numbers.contains(root[index]) { root[index] = kept }
    }
    let changed = ServiceAssignment(
      model, serviceOfType: service, serviceCount: assignment.serviceCount,
      remainder: assignment.remainder, core: assignment.core.union(staying(service)))
    let leaving = KernelGuard(self, service: changed.serviceOfType).leaving(movedIn: kernel)
    let before = Division(self, assignment, crossings, kernelCuts: [])
    let after = Division(
      self, changed, BorderCrossings(model, changed), kernelCuts: kernelCuts(leaving, changed))
    let newCuts = after.crossings.cuts(model, names: names, notIn: crossings)
    return WhatIfAnswer(
      notes: notes(moved, changed, newCuts, leaving), before: before.measures,
      after: after.measures, services: changes(before, after),
      newCuts: (newCuts + after.kernelCuts).sorted { $0.location < $1.location },
      savedCuts: crossings.cuts(model, names: names, notIn: after.crossings),
      newFindings: Self.difference(after.findings, before.findings),
      goneFindings: Self.difference(before.findings, after.findings))
  }

  /// Types that would stay with the monolith and that do not now. Others ask them there: they are
  /// not merely held, as what knew everybody is.
  private func staying(_ service: [Int?]) -> [TypeID] {
    guard let remainder = assignment.remainder else { return [] }
    return service.indices.map { TypeID($0) }.filter {
      service[Int($0.index)] == remainder && assignment[$0] != remainder
    }
  }

  /// - Returns: all types that were moved into the kernel.
  private func guarded(
    _ moved: [TypeID], _ service: [Int?]
  ) throws(StudyQuestionError) -> Set<TypeID> {
    let entering = moved.map { facts.units.units[facts.units[$0]].types }.filter {
      service[Int($0[0].index)] == nil && placement(of: $0[0]) != .sharedKernel
    }
    let all = Set(entering.joined())
    let kernel = KernelGuard(self, service: service)
    for types in entering { try kernel.check(types, movedIn: all) }
    return all
  }

  /// The kernel is a library: what it needs from a service has to be cut as well.
  private func kernelCuts(_ references: [Int], _ assignment: ServiceAssignment) -> [Cut] {
    let seams = SeamAdvice(model, assignment)
    return references.compactMap { index in
      let reference = model.references[index]
      guard let to = assignment[reference.to] else { return nil }
      return Cut(
        fromService: WhatIf.sharedKernel, toService: names[to],
        fromType: model.displayName(reference.from), target: model.displayName(reference.to),
        location: model.location(reference.position), symbol: reference.symbol,
        kind: .reference(reference.kind), seam: seams.seam(for: reference, model),
        evidence: Cut.Evidence(of: reference))
    }
  }

  /// A sentence for each type that takes along what it is nested in, and for each that leaves the
  /// kernel.
  private func notes(
    _ moved: [TypeID], _ assignment: ServiceAssignment, _ newCuts: [Cut], _ leaving: [Int]
  ) -> [String] {
    moved.compactMap(takenAlong) + leavingKernel(moved, assignment, newCuts, leaving)
  }

  private func takenAlong(_ id: TypeID) -> String? {
    let name = model.displayName(id)
    let others = facts.units.units[facts.units[id]].types.filter { $0 != id }
      .map(model.displayName).filter { !$0.hasPrefix(name + ".") }.sorted()
    guard !others.isEmpty else { return nil }
    return "\(others.joined(separator: ", ")) \(others.count == 1 ? "moves" : "move") along with "
      + "\(name): types that are nested in one another move as one."
  }

  private func leavingKernel(
    _ moved: [TypeID], _ assignment: ServiceAssignment, _ newCuts: [Cut], _ leaving: [Int]
  ) -> [String] {
    var seen: Set<Int> = []
    return moved.compactMap { id in
      let unit = facts.units[id]
      guard placement(of: id) == .sharedKernel, let service = assignment[id],
        seen.insert(unit).inserted
      else { return nil }
      let types = facts.units.units[unit].types
      let targets = Set(types.map(model.displayName))
      let cuts = newCuts.filter { targets.contains($0.target) && $0.toService == names[service] }
      let users = Set(cuts.map(\.fromService))
      let kernel = leaving.count { types.contains(model.references[$0].to) }
      return "\(model.displayName(id)) leaves the shared kernel for \(names[service]): "
        + "\(counted(cuts.count, "reference")) of \(counted(users.count, "other service"))"
        + (kernel == 0 ? "" : " and \(kernel) of the kernel itself")
        + " that cost nothing before \(cuts.count + kernel == 1 ? "has" : "have") to be cut."
    }
  }

  private func changes(_ before: Division, _ after: Division) -> [WhatIfAnswer.ServiceChange] {
    names.indices.map { number in
      WhatIfAnswer.ServiceChange(
        name: names[number], before: before.side(number), after: after.side(number))
    }.filter { $0.before != $0.after }.sorted { $0.name < $1.name }
  }

  /// A finding counts as the same when it stands at the same place, or says the same but for its
  /// numbers.
  private static func difference(
    _ first: [LocatedFinding], _ second: [LocatedFinding]
  ) -> [LocatedFinding] {
    struct Identity: Hashable {
      var id: String
      var place: Location?
      var words: String?
    }
    func identities(_ finding: LocatedFinding) -> [Identity] {
      [
        Identity(id: finding.id, place: finding.locations.first, words: nil),
        Identity(id: finding.id, place: nil, words: finding.message.filter { !$0.isNumber }),
      ]
    }
    let known = Set(second.flatMap(identities))
    return first.filter { finding in !identities(finding).contains { known.contains($0) } }
  }
}

extension BoundaryStudy {
  /// Whether modularity is taken over a unit: what a question sends back to the monolith still
  /// counts, or any service would be better off without its worst types.
  fileprivate func isMeasured(_ unit: Int, _ service: Int?) -> Bool {
    guard let service, service == assignment.remainder else { return service != nil }
    let own = assignment[facts.units.units[unit].types[0]]
    return own != nil && own != assignment.remainder
  }
}

/// An assignment with its numbers.
private struct Division {
  let measures: WhatIfAnswer.Measures
  let crossings: BorderCrossings
  /// What leads out of the shared kernel.
  let kernelCuts: [Cut]
  let findings: [LocatedFinding]
  private let counts: BorderCounts
  private let types: [Int]
  private let places: [Int]

  init(
    _ study: BoundaryStudy, _ assignment: ServiceAssignment, _ crossings: BorderCrossings,
    kernelCuts: [Cut]
  ) {
    let model = study.model
    self.kernelCuts = kernelCuts
    counts = BorderCounts(model, assignment)
    var types = [Int](repeating: 0, count: assignment.serviceCount)
    for case let service? in assignment.serviceOfType { types[service] += 1 }
    self.types = types
    var places = [Int](repeating: 0, count: assignment.serviceCount)
    var directions: Set<[Int]> = []
    for pair in crossings.pairs(model) {
      places[pair.from] += 1
      places[pair.to] += 1
      // What remains of the monolith is no service, though it has to be cut off as well.
      if pair.from != assignment.remainder, pair.to != assignment.remainder {
        directions.insert([pair.from, pair.to])
      }
    }
    self.places = places
    self.crossings = crossings
    findings = Pitfalls.ofDivision(model, assignment, crossings, names: study.names)
    let units = study.facts.units.units.map { assignment[$0.types[0]] }
    let partition = Partition(units.map { Int32($0 ?? assignment.serviceCount) })
    measures = WhatIfAnswer.Measures(
      services: types.indices.count { types[$0] > 0 && $0 != assignment.remainder },
      references: counts.inner.reduce(0, +) + crossings.references.count,
      crossingReferences: crossings.references.count,
      crossingTableUses: crossings.tableUses.count, kernelReferences: kernelCuts.count,
      modularity: study.facts.referenceGraph(study.weights) {
        study.isMeasured($0, units[$0])
      }.modularity(partition),
      contracts: Contract.count(crossings.cuts(model, names: study.names) + kernelCuts),
      mutualPairs: directions.count { $0[0] < $0[1] && directions.contains([$0[1], $0[0]]) },
      warnings: findings.count { $0.severity >= .warning })
  }

  func side(_ service: Int) -> WhatIfAnswer.ServiceChange.Side? {
    guard types[service] > 0 else { return nil }
    let scores = counts.scores(service, stability: 0)
    return WhatIfAnswer.ServiceChange.Side(
      types: types[service], cohesion: scores.cohesion, coupling: scores.coupling,
      instability: scores.instability, places: places[service])
  }
}
