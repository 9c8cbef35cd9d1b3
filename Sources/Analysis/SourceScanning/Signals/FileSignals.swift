// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// What walking the bodies of one file found.
struct FileSignals: Sendable {
  var references: [Reference] = []
  /// Places that use declarations of each other file.
  var filesUsed: [FileID: Int] = [:]
  var tableUses: [FoundTableUse] = []
  var databaseCalls: [DatabaseCall] = []
  var openings: [TransactionOpening] = []
  var routes: [FoundRoute] = []
  var routerPasses: [RouterPass] = []
  var jobs: [JobDeclaration] = []
  var outboundCalls: [OutboundCall] = []

  /// Puts the references in the order in which a model lists them.
  mutating func sortReferences() {
    func precedes(_ left: Reference, _ right: Reference) -> Bool {
      (left.position, left.to) < (right.position, right.to)
    }
    let isSorted = references.indices.dropFirst().allSatisfy {
      !precedes(references[$0], references[$0 - 1])
    }
    if !isSorted { references.sort(by: precedes) }
  }
}

/// A table use with the function it stands in, for following calls out of transactions.
struct FoundTableUse: Sendable {
  var use: TableUse
  var member: MemberID?
  /// Only a string that looks like SQL says so, and not the code around it.
  var isFromSQL = false
  /// Innermost opening around it: index of the file's openings.
  var opening: Int?
}

/// A call that hands a database connection on.
struct DatabaseCall: Sendable {
  var caller: MemberID?
  var callee: MemberID
  var function: String
  var inTransaction: Bool
  /// Innermost opening around it: index of the file's openings.
  var opening: Int?
  var position: SourcePosition
}

/// A call with a closure that opens a transaction, or that does if the function it calls does.
struct TransactionOpening: Sendable {
  /// Type whose code opens it.
  var opener: TypeID
  var member: MemberID?
  var function: String
  /// Function of the tree that gets the closure: it opens a transaction, or this is none.
  var wrapper: MemberID?
  /// Opening around this one: index of the file's openings.
  var outer: Int?
  /// False where a connection starts anew: inside of another transaction that is one of its own.
  var joinsOuter: Bool
  var position: SourcePosition
}

/// A route whose prefix may depend on where its router comes from.
struct FoundRoute: Sendable {
  var method: String
  var origin: RouteOrigin
  var registeredBy: TypeID
  var handler: TypeID
  var position: SourcePosition
}

/// A router handed to a function, or a collection mounted on a router.
struct RouterPass: Sendable, Hashable {
  var carrier: RouteOrigin.Carrier
  var origin: RouteOrigin
}

/// What inference has to know about a call that means more than its types.
struct CallEffect {
  var result: InferredType?
  var closureParameters: [InferredType]?
  var isTransaction = false
  /// The call opens a transaction on a connection that may be in one already.
  var joinsOuter = true
}

extension BodyInference {
  /// What the call means before its arguments are looked at.
  mutating func effect(of site: CallSite) -> CallEffect {
    if let effect = routerEffect(of: site) { return effect }
    if let effect = queryEffect(of: site) { return effect }
    return databaseEffect(of: site)
  }

  /// What the call means beyond its types.
  mutating func noteCall(_ site: CallSite) {
    guard isRecording else { return }
    noteSchemaChange(site)
    noteDatabaseCall(site)
    noteJob(site)
    noteOutboundCall(site)
  }

  func staticString(_ id: Expression.ID) -> String? {
    StaticStrings(table: table, tableNames: tableNames)
      .fold(id, file: context.file, scope: context.scope)
  }
}
