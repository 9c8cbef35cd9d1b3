// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  private static let writes: Set<String> = [
    "insert", "insertAndFetch", "inserted", "save", "saveAndFetch", "saved", "update",
    "updateAndFetch", "updateChanges", "updateChangesAndFetch", "updateAll", "upsert",
    "upsertAndFetch", "delete", "deleteAll", "deleteOne", "deleteAndFetchAll", "create", "restore",
  ]
  private static let reads: Set<String> = [
    "fetchOne", "fetchAll", "fetchSet", "fetchCursor", "fetchCount", "find", "exists", "isEmpty",
  ]
  /// Fluent ends a query with these; on a record type itself they only start one.
  private static let queryReads: Set<String> = [
    "all", "first", "count", "paginate", "sum", "chunk",
  ]
  private static let transactions: Set<String> = [
    "inTransaction", "inSavepoint", "transaction", "withTransaction",
  ]
  /// Transactions only where the function is not the tree's own.
  private static let foreignTransactions: Set<String> = [
    "write", "asyncWrite", "unsafeReentrantWrite",
  ]
  private static let connections: Set<String> = [
    "Database", "SQLDatabase", "PostgresConnection", "DatabaseWriter", "DatabaseReader",
    "DatabaseQueue", "DatabasePool", "Connection", "DatabaseConnection", "PostgresClient",
    "MySQLConnection", "SQLiteConnection", "Transaction",
  ]
  /// Types of the tree that carry a connection, by the end of their names.
  private static let carriers = ["Transaction", "UnitOfWork", "Connection", "Database"]

  /// Record types answer queries with members that the tree does not declare.
  mutating func queryEffect(of site: CallSite) -> CallEffect? {
    guard site.callee.member == nil, let receiver = site.receiver?.type.unwrapped,
      let target = tableNames.table(of: receiver)
    else { return nil }
    var isInstance = false
    if case .nominal = receiver { isInstance = true }
    var isQuery = false
    if case .query = receiver { isQuery = true }
    if Self.writes.contains(site.name), !isInstance || !site.arguments.isEmpty {
      note(target.name, .writes, at: site.offset)
    } else if Self.reads.contains(site.name) || (isQuery && Self.queryReads.contains(site.name)) {
      note(target.name, .reads, at: site.offset)
    } else if isInstance {
      return nil
    }
    return CallEffect(result: queryResult(of: site.name, target.record, isQuery, isInstance))
  }

  private func queryResult(
    of name: String, _ record: NominalID, _ isQuery: Bool, _ isInstance: Bool
  ) -> InferredType? {
    let row = InferredType.nominal(record, [])
    return switch name {
    case "fetchOne": .optional(row)
    case "first" where isQuery: .optional(row)
    case "fetchAll", "fetchSet", "fetchCursor", "deleteAndFetchAll": .array(row)
    case "all" where isQuery: .array(row)
    case "find", "insertAndFetch", "inserted", "saveAndFetch", "saved", "upsertAndFetch",
      "updateAndFetch":
      row
    case "fetchCount", "deleteAll", "updateAll": .external("Int", [])
    case "count" where isQuery: .external("Int", [])
    default: isInstance ? nil : .query(record)
    }
  }

  /// Transactions, and the connection that a database hands to a closure.
  func databaseEffect(of site: CallSite) -> CallEffect {
    guard let closure = lastClosure(of: site) else { return CallEffect() }
    let isForeign = site.callee.member == nil && site.receiver != nil
    var effect = CallEffect()
    effect.isTransaction =
      Self.transactions.contains(site.name)
      || (isForeign && Self.foreignTransactions.contains(site.name)
        && takesConnection(closure))
    effect.joinsOuter = Self.transactions.contains(site.name)
    let handsConnection = effect.isTransaction || ["read", "asyncRead"].contains(site.name)
    if isForeign, handsConnection, takesConnection(closure) {
      effect.closureParameters = [.external("Database", [])]
    }
    return effect
  }

  private func lastClosure(of site: CallSite) -> Closure? {
    for argument in (site.arguments + site.trailingClosures).reversed() {
      if case .closure(let handle) = facts[argument.value] { return facts[handle] }
    }
    return nil
  }

  /// `{ db in ... }`: exactly one parameter, named or `$0`.
  private func takesConnection(_ closure: Closure) -> Bool {
    closure.parameters.count == 1 || closure.parameters.isEmpty && usesFirstArgument(closure.body)
  }

  private func usesFirstArgument(_ block: Block) -> Bool {
    block.contains { statement in
      switch statement {
      case .expression(let id), .return(.some(let id)): mentionsFirstArgument(id)
      case .binding(let binding): binding.value.map { mentionsFirstArgument($0) } ?? false
      default: false
      }
    }
  }

  private func mentionsFirstArgument(_ id: Expression.ID) -> Bool {
    var next: Expression.ID? = id
    while let current = next {
      switch facts[current] {
      case .name("$0"): return true
      case .call(_, let arguments, _):
        let isPassed = arguments.contains { argument in
          if case .name("$0") = facts[argument.value] { true } else { false }
        }
        if isPassed { return true }
      default: break
      }
      next = chainBase(of: current)
    }
    return false
  }

  // MARK: Recording

  mutating func note(
    _ name: String, _ access: TableUse.Access, at offset: UInt32, isFromSQL: Bool = false
  ) {
    guard isRecording, let origin else { return }
    let use = TableUse(
      table: name, access: access, type: origin, function: context.function,
      inTransaction: context.transactionDepth > 0, position: position(offset))
    signals.tableUses.append(
      FoundTableUse(
        use: use, member: context.member, isFromSQL: isFromSQL, opening: context.opening))
  }

  /// Arguments that take SQL: `execute(sql:)`, `SQLRequest(literal:)`.
  static let labelsOfSQL: Set<String> = ["sql", "literal"]

  /// SQL in a literal, with fixed interpolations filled in.
  mutating func noteSQL(_ id: Expression.ID) {
    guard isRecording,
      let text = StaticStrings(table: table, tableNames: tableNames).fold(
        id, file: context.file, scope: context.scope, keepingHoles: true)
    else { return }
    for mention in SQLText.tables(in: text, isSaid: isSaidToBeSQL) {
      note(mention.table, mention.access, at: facts.offset(of: id), isFromSQL: !isSaidToBeSQL)
    }
  }

  /// `create(table:)` of GRDB, `schema("name").create()` of Fluent.
  mutating func noteSchemaChange(_ site: CallSite) {
    guard site.callee.member == nil, site.receiver != nil else { return }
    if ["create", "alter", "drop", "rename"].contains(site.name),
      let argument = site.arguments.first, argument.label == "table",
      let name = staticString(argument.value)
    {
      note(name, .defines, at: site.offset)
    } else if site.name == "schema", site.arguments.count == 1,
      let name = staticString(site.arguments[0].value)
    {
      note(name, .defines, at: site.offset)
    }
  }

  /// Remembers which functions get a connection from whom.
  mutating func noteDatabaseCall(_ site: CallSite) {
    guard let callee = site.callee.member, table[callee].kind == .function else { return }
    let takesConnection = table[callee].parameterTypes.contains { isConnection($0) }
    guard takesConnection || context.transactionDepth > 0 || context.opening != nil else { return }
    signals.databaseCalls.append(
      DatabaseCall(
        caller: context.member, callee: callee, function: context.function,
        inTransaction: context.transactionDepth > 0, opening: context.opening,
        position: position(site.offset)))
  }

  private func isConnection(_ type: InferredType) -> Bool {
    switch type.unwrapped {
    case .external(let name, _): Self.connections.contains(name)
    case .nominal(let id, _): Self.carriers.contains { table[id].name.hasSuffix($0) }
    case .composition(let parts): parts.contains { isConnection($0) }
    default: false
    }
  }

  /// Remembers where a transaction is opened, or may be: by a function of the tree that hands a
  /// connection to the closure it gets.
  mutating func noteOpening(_ site: CallSite, _ effect: CallEffect) {
    guard isRecording, let origin, effect.isTransaction || lastClosure(of: site) != nil else {
      return
    }
    let wrapper = effect.isTransaction ? nil : wrapper(of: site)
    guard effect.isTransaction || wrapper != nil else { return }
    signals.openings.append(
      TransactionOpening(
        opener: origin, member: context.member, function: context.function, wrapper: wrapper,
        outer: context.opening, joinsOuter: effect.joinsOuter, position: position(site.offset)))
    context.opening = signals.openings.count - 1
  }

  private func wrapper(of site: CallSite) -> MemberID? {
    guard let callee = site.callee.member, table[callee].kind == .function else { return nil }
    let handsConnection = table[callee].parameterTypes.contains { type in
      if case .function(let given, _) = type.unwrapped {
        given.contains { isConnection($0) }
      } else {
        false
      }
    }
    return handsConnection || site.name.lowercased().hasSuffix("transaction") ? callee : nil
  }
}
