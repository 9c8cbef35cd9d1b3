// SPDX-License-Identifier: Apache-2.0

/// Finds the types of properties that have a value and no annotation.
///
/// Runs in order of declaration on one thread: where two properties depend on each other, what is
/// found depends on where one starts.
struct MemberInference {
  struct Found: Sendable {
    var types: [MemberID: InferredType] = [:]
    /// Whose types depend on where the search began.
    var orderSensitive: Set<MemberID> = []
  }

  /// - Parameters:
  ///   - members: whose types are to be found, in order of declaration; `nil` for all.
  ///   - files: that declare them.
  static func types(
    in table: SymbolTable, numbering: TypeNumbering, tableNames: TableNames,
    members: [MemberID]? = nil, files: Set<Int>? = nil
  ) -> Found {
    guard let first = files.map({ $0.min() }) ?? table.files.indices.first else { return Found() }
    var inference = BodyInference(
      table: table, numbering: numbering, tableNames: tableNames, file: first)
    inference.lazyTypes = LazyMemberTypes(files: files)
    inference.isRecording = false
    for id in members ?? table.members.indices.map({ MemberID($0) }) {
      _ = inference.memberType(id)
    }
    guard let found = inference.lazyTypes else { return Found() }
    return Found(types: found.known, orderSensitive: found.orderSensitive)
  }
}

extension BodyInference {
  mutating func memberType(_ id: MemberID) -> InferredType {
    let member = table[id]
    guard lazyTypes != nil, member.kind == .variable else { return member.type }
    if member.isOrderSensitive || lazyTypes?.orderSensitive.contains(id) == true {
      lazyTypes?.noteOrder()
    }
    guard member.type.isUnknown, lazyTypes?.files?.contains(member.file) ?? true else {
      return member.type
    }
    if let known = lazyTypes?.known[id] { return known }
    let declaration = table.declaration(of: member)
    guard declaration.type == nil, let value = declaration.initializer else { return .unknown }
    guard lazyTypes?.inProgress.insert(id).inserted == true else {
      lazyTypes?.noteOrder()
      return .unknown
    }
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
