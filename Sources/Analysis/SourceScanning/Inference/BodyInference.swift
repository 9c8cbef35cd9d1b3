// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Walks the code of one file and infers the type of every expression locally: from stored
/// properties, parameters, locals, return types, chains, closures and generics.
///
/// Every expression is evaluated once, with the type its context expects; names and members that
/// resolve become references, calls become signals (tables, routes, jobs, outbound calls).
struct BodyInference {
  /// Where the walk stands; saved and restored when it looks into another declaration.
  struct Context {
    var file: Int
    var scope: ScopeID
    /// Locals by name, innermost scope last.
    var locals: [[String: InferredType]] = [[:]]
    /// Type that a `return` gives.
    var returnType = InferredType.unknown
    /// First known type that a closure without annotation returned.
    var returned = InferredType.unknown
    /// `Type.function`, empty outside of functions.
    var function = ""
    var member: MemberID?
    /// Alias whose declaration is being walked: its scope holds no members, so it is no type's
    /// scope.
    var alias: NominalID?
    /// Transaction closures around the code.
    var transactionDepth = 0
    /// Innermost place around the code that opens a transaction, or may: index of
    /// `FileSignals.openings`.
    var opening: Int?
  }

  /// Expressions nested deeper than this stay unknown.
  static let depthLimit = 250

  let table: SymbolTable
  let numbering: TypeNumbering
  let tableNames: TableNames
  var context: Context
  var facts: FileFacts
  var log = MentionLog()
  var depth = 0
  var signals = FileSignals()
  /// The argument that is being walked is labelled as SQL.
  var isSaidToBeSQL = false
  /// Off while a type is looked up on behalf of another declaration.
  var isRecording = true
  /// Set while types of properties are still being found; afterwards the table has them all.
  var lazyTypes: LazyMemberTypes?

  init(
    table: SymbolTable, numbering: TypeNumbering, tableNames: TableNames, file: Int
  ) {
    self.table = table
    self.numbering = numbering
    self.tableNames = tableNames
    facts = table.files[file]
    context = Context(file: file, scope: table.fileScopes[file])
  }

  // MARK: Recording

  /// Type whose code is being walked.
  var origin: TypeID? {
    guard let nominal = context.alias ?? table.enclosingNominal(of: context.scope) else {
      return numbering.fileScopes[context.file]
    }
    return numbering.type(of: nominal, in: table) ?? numbering.fileScopes[context.file]
  }

  func position(_ offset: UInt32) -> SourcePosition {
    let place = facts.location(of: offset)
    return SourcePosition(file: FileID(context.file), line: place.line, column: place.column)
  }

  mutating func record(
    _ target: TypeID?, _ kind: Reference.Kind, symbol: String, at offset: UInt32, in file: Int,
    byNameAlone: Bool = false
  ) {
    guard isRecording, let origin, let target else { return }
    // What the members of a large type ask of each other tells how it can be taken apart.
    guard origin != target || (kind == .call && numbering.isLarge(target)) else { return }
    var reference = Reference(
      from: origin, to: target, kind: kind, tier: .syntax, symbol: symbol,
      position: position(offset), isByNameAlone: byNameAlone)
    reference.extensionFile = numbering.extensionFile(of: target, file)
    signals.references.append(reference)
  }

  /// Counts a use of what another file declares, whoever's code it is.
  mutating func recordUse(ofFile file: Int) {
    if file != context.file { signals.filesUsed[FileID(file), default: 0] += 1 }
  }

  mutating func record(_ nominal: NominalID, _ kind: Reference.Kind, at offset: UInt32) {
    guard isRecording else { return }
    switch table[nominal].kind {
    case .external, .associatedType: break
    default: recordUse(ofFile: table[nominal].file)
    }
    record(
      numbering.type(of: nominal, in: table), kind, symbol: table[nominal].name, at: offset,
      in: table[nominal].file)
  }

  mutating func record(
    _ id: MemberID, at offset: UInt32, as kind: Reference.Kind = .call, byNameAlone: Bool = false
  ) {
    guard isRecording else { return }
    let member = table[id]
    recordUse(ofFile: member.file)
    if let owner = member.owner, let type = numbering.type(of: owner, in: table) {
      record(
        type, kind, symbol: member.name, at: offset, in: member.file, byNameAlone: byNameAlone)
    } else {
      record(
        numbering.fileScopes[member.file], member.owner == nil ? .global : kind,
        symbol: member.name, at: offset, in: member.file, byNameAlone: byNameAlone)
    }
  }

  /// Resolves a written type and records what it names.
  mutating func type(_ id: TypeExpression.ID, as kind: Reference.Kind) -> InferredType {
    guard isRecording else { return silentType(id) }
    log.isActive = true
    let resolved = table.resolve(id, in: context.scope, log: &log)
    for mention in log.mentions { record(mention.nominal, kind, at: mention.offset) }
    log.mentions.removeAll(keepingCapacity: true)
    log.isActive = false
    return resolved
  }

  func silentType(_ id: TypeExpression.ID) -> InferredType {
    var silent = MentionLog()
    return table.resolve(id, in: context.scope, log: &silent)
  }

  // MARK: Locals

  func local(_ name: String) -> InferredType? {
    for scope in context.locals.reversed() {
      if let type = scope[name] { return type }
    }
    return nil
  }

  mutating func bind(_ name: String, to type: InferredType) {
    context.locals[context.locals.count - 1][name] = type
  }

  mutating func inScope<Result>(_ body: (inout BodyInference) -> Result) -> Result {
    context.locals.append([:])
    let result = body(&self)
    context.locals.removeLast()
    return result
  }

  var selfType: InferredType {
    if let captured = local("self") { return captured }
    guard let nominal = table.enclosingNominal(of: context.scope) else { return .unknown }
    let inner = table[nominal].scope ?? context.scope
    let arguments = table[nominal].genericParameters.map { InferredType.generic($0, inner) }
    if table[nominal].kind == .external { return .external(table[nominal].name, []) }
    return .nominal(nominal, arguments)
  }
}

/// Types of properties without annotation, found on demand while the member pass runs.
struct LazyMemberTypes {
  var known: [MemberID: InferredType] = [:]
  var inProgress: Set<MemberID> = []
  /// Files whose properties are to be found; `nil` for all.
  var files: Set<Int>?
  /// Properties whose types depend on where one starts: they were found while one of them was asked
  /// for that was being found itself, or where little depth was left.
  private(set) var orderSensitive: Set<MemberID> = []

  init(files: Set<Int>? = nil) { self.files = files }

  /// Deeper than this nothing is sure to be found from another start as well.
  static let sureDepth = BodyInference.depthLimit / 4

  /// To be called where what is found of those in progress depends on the start.
  mutating func noteOrder() { orderSensitive.formUnion(inProgress) }
}
