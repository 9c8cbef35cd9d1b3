// SPDX-License-Identifier: Apache-2.0

/// A suggestion together with what it was concluded from, so that questions about single types and
/// about moves can be answered without dividing again.
package struct BoundaryStudy: Sendable {
  /// What was read, in the documented order.
  package let model: CodeModel
  /// What was concluded.
  package var suggestion: BoundarySuggestion
  /// Names of the services by their number in the assignment.
  package let names: [String]
  let facts: UnitFacts
  /// What each unit is to the division.
  let roles: [UnitRole]
  let assignment: ServiceAssignment
  let crossings: BorderCrossings
  let weights: SignalWeights

  /// Number of the service that a type belongs to; nil for types that are set apart.
  package func service(of type: TypeID) -> Int? { assignment[type] }

  /// Name of the service that a type belongs to, or of what it is set apart as.
  package func placement(of type: TypeID) -> Placement {
    if let service = assignment[type] { return .service(names[service]) }
    switch roles[facts.units[type]] {
    case .compositionRoot: return .compositionRoot
    case .module: return .module
    case .member, .sharedKernel, .remainder: return .sharedKernel
    }
  }

  /// Where a type was put.
  package enum Placement: Sendable, Equatable {
    case service(String)
    case sharedKernel
    case compositionRoot
    case module

    /// The service's name, `shared-kernel`, `composition-root` or `module`.
    package var name: String {
      switch self {
      case .service(let name): name
      case .sharedKernel: "shared-kernel"
      case .compositionRoot: "composition-root"
      case .module: "module"
      }
    }
  }
}

extension BoundaryStudy {
  /// The type with a name: qualified, with its module before it, or the last part alone where that
  /// is unique. Top-level code has its file's path for a name.
  package func type(named name: String) throws(StudyQuestionError) -> TypeID {
    var matches: [TypeID] = []
    var byLastPart: [TypeID] = []
    for index in model.types.indices {
      let id = TypeID(index)
      let shown = model.displayName(id)
      if shown == name || model.types[index].module + "." + shown == name {
        matches.append(id)
      } else if model.types[index].name == name, model.types[index].kind != .fileScope {
        byLastPart.append(id)
      }
    }
    if matches.isEmpty { matches = byLastPart }
    if let only = matches.first, matches.count == 1 { return only }
    guard matches.isEmpty else {
      throw StudyQuestionError.ambiguousType(
        name,
        candidates: matches.map { id in
          let place = model.location(model.type(id).position)
          return "\(model.type(id).module).\(model.displayName(id)) (\(place.file):\(place.line))"
        })
    }
    throw StudyQuestionError.unknownType(
      name, near: NearNames.find(name, among: model.types.indices.map { shownName($0) }))
  }

  private func shownName(_ index: Int) -> String { model.displayName(TypeID(index)) }

  /// The number of the service with a name.
  package func service(named name: String) throws(StudyQuestionError) -> Int {
    if let number = names.firstIndex(of: name) { return number }
    throw StudyQuestionError.unknownService(
      name, near: NearNames.find(name, among: names), all: names.sorted())
  }
}

/// Why a question about a study has no answer.
package enum StudyQuestionError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownType(String, near: [String])
  case ambiguousType(String, candidates: [String])
  case unknownService(String, near: [String], all: [String])
  case nothingToMerge([String])
  /// A type that may not be part of the shared kernel, and why.
  case notForKernel(String, [String])

  /// Services that a message lists at most.
  private static let listed = 20

  /// One sentence: what is wrong, and what was probably meant.
  package var description: String {
    switch self {
    case .unknownType(let name, let near):
      near.isEmpty
        ? "no type is called \(name)"
        : "no type is called \(name); did you mean \(near.joined(separator: ", "))?"
    case .ambiguousType(let name, let candidates):
      "\(counted(candidates.count, "type")) are called \(name): "
        + candidates.joined(separator: ", ") + "; give the module before the name"
    case .unknownService(let name, let near, let all):
      near.isEmpty
        ? "no service is called \(name); there are "
          + all.prefix(Self.listed).joined(separator: ", ")
        : "no service is called \(name); did you mean \(near.joined(separator: ", "))?"
    case .nothingToMerge(let names):
      "merging needs two services that differ, not \(names.joined(separator: ","))"
    case .notForKernel(let name, let objections):
      "\(name) cannot move into the shared kernel, which holds values that need nothing else: "
        + objections.joined(separator: "; ")
    }
  }
}
