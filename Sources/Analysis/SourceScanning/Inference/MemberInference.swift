// SPDX-License-Identifier: Apache-2.0

/// Finds the types of properties that have a value and no annotation.
///
/// Runs in order of declaration on one thread: where two properties depend on each other, what is
/// found depends on where one starts.
struct MemberInference {
  static func types(
    in table: SymbolTable, numbering: TypeNumbering, tableNames: TableNames
  ) -> [MemberID: InferredType] {
    guard !table.files.isEmpty else { return [:] }
    var inference = BodyInference(
      table: table, numbering: numbering, tableNames: tableNames, file: 0)
    inference.lazyTypes = LazyMemberTypes()
    inference.isRecording = false
    for index in table.members.indices { _ = inference.memberType(MemberID(index)) }
    return inference.lazyTypes?.known ?? [:]
  }
}

extension BodyInference {
  mutating func memberType(_ id: MemberID) -> InferredType {
    let member = table[id]
    guard lazyTypes != nil, member.kind == .variable, member.type.isUnknown else {
      return member.type
    }
    if let known = lazyTypes?.known[id] { return known }
    let declaration = table.declaration(of: member)
    guard declaration.type == nil, let value = declaration.initializer,
      lazyTypes?.inProgress.insert(id).inserted == true
    else { return .unknown }
    let outerContext = context
    let outerFacts = facts
    context = Context(file: member.file, scope: member.scope, member: id)
    facts = table.files[member.file]
    let type = infer(value)
    context = outerContext
    facts = outerFacts
    lazyTypes?.inProgress.remove(id)
    lazyTypes?.known[id] = type
    return type
  }
}
