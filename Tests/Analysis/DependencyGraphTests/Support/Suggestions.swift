// SPDX-License-Identifier: Apache-2.0

@testable import DependencyGraph

/// Reads a suggestion back into the terms of the model.
enum Suggestions {
  static func service(of type: String, in suggestion: BoundarySuggestion) -> String? {
    suggestion.services.first { $0.types.contains { $0.name == type } }?.name
  }

  /// The suggestion as an assignment of the model's types; names are unique in the sample models.
  static func assignment(
    _ suggestion: BoundarySuggestion, _ model: CodeModel
  ) -> ServiceAssignment {
    var numbers: [String: Int] = [:]
    for (number, service) in suggestion.services.enumerated() {
      for type in service.types { numbers[type.name] = number }
    }
    return ServiceAssignment(
      model,
      serviceOfType: model.types.indices.map { numbers[model.displayName(TypeID($0))] },
      serviceCount: suggestion.services.count)
  }
}

extension CodeModel {
  /// The model without the references and table uses that cross a border of `assignment`.
  func removing(_ crossings: BorderCrossings) -> CodeModel {
    var reduced = self
    let references = Set(crossings.references)
    let uses = Set(crossings.tableUses)
    reduced.references = self.references.indices.filter { !references.contains($0) }
      .map { self.references[$0] }
    reduced.tableUses = tableUses.indices.filter { !uses.contains($0) }.map { tableUses[$0] }
    return reduced
  }
}
