// SPDX-License-Identifier: Apache-2.0

extension SymbolTable {
  /// Types of signatures. Properties without annotation stay unknown until `MemberInference`.
  mutating func resolveMembers() {
    let resolved = concurrently(members.count) { $0.signature(of: $0.members[$1]) }
    for (index, signature) in resolved.enumerated() {
      members[index].type = signature.type
      members[index].parameterTypes = signature.parameters
    }
  }

  func signature(of member: Member) -> (type: InferredType, parameters: [InferredType]) {
    let declaration = declaration(of: member)
    var silent = MentionLog()
    func resolved(_ id: TypeExpression.ID) -> InferredType {
      resolve(id, in: member.scope, log: &silent)
    }
    let parameters = declaration.parameters.map { resolved($0.type) }
    let owner = member.owner.map { InferredType.nominal($0, []) } ?? .unknown
    switch member.kind {
    case .function:
      return (.function(parameters, result: declaration.result.map(resolved) ?? .void), parameters)
    case .subscript: return (declaration.result.map(resolved) ?? .unknown, parameters)
    case .initializer: return (.unknown, parameters)
    case .enumCase:
      return (parameters.isEmpty ? owner : .function(parameters, result: owner), parameters)
    case .variable: return (declaration.type.map(resolved) ?? .unknown, [])
    }
  }
}
