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
