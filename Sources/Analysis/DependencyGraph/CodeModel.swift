// SPDX-License-Identifier: Apache-2.0

/// Everything that was read from a code base, before anything is concluded from it.
///
/// The scanner fills it, the clusterer and the reports only read it. All lists are sorted by stable
/// identity (path, then position), so two scans of the same bytes give the same value.
public struct CodeModel: Sendable, Equatable {
  /// Files in path order. Paths are relative to the analysed folder and use `/`.
  public var files: [SourceFile]
  /// Declared types in order of file and position; `TypeID` is the index into this list.
  public var types: [TypeDeclaration]
  /// References from one declared type to another, one per occurrence in the source.
  public var references: [Reference]
  /// Files that use declarations of other files, one per pair, sorted. A type that is spread over
  /// files ties them too, so this is more than `references` seen by file.
  public var fileDependencies: [FileDependency]
  /// Uses of database tables.
  public var tableUses: [TableUse]
  /// Database transactions in order of where they are opened, those that do anything.
  public var transactions: [DatabaseTransaction]
  /// HTTP routes that the code registers.
  public var routes: [RouteRegistration]
  /// Background jobs and scheduled work.
  public var jobs: [JobDeclaration]
  /// Calls that leave the process.
  public var outboundCalls: [OutboundCall]
  /// What version control tells, where it was read.
  public var history: ChangeHistory?
  /// Problems met while reading: files that do not parse, unreadable files, links that loop.
  public var findings: [Finding]
  /// Members of the types that have many, in order of place: what such a type is made of.
  public var members: [MemberDeclaration]
  /// Uses of tables in functions that are called inside of a transaction, at the places of the
  /// calls: they tell what belongs together, and are no statements beside those in `tableUses`.
  package var calledUses: [TableUse] = []
  /// The type that each part was taken from; see `takingApart`.
  package var ownerOfPart: [TypeID: TypeID] = [:]

  /// Creates a model; the lists are expected to be in the order their documentation gives.
  public init(
    files: [SourceFile] = [], types: [TypeDeclaration] = [], references: [Reference] = [],
    fileDependencies: [FileDependency] = [], tableUses: [TableUse] = [],
    transactions: [DatabaseTransaction] = [], routes: [RouteRegistration] = [],
    jobs: [JobDeclaration] = [],
    outboundCalls: [OutboundCall] = [], history: ChangeHistory? = nil, findings: [Finding] = [],
    members: [MemberDeclaration] = []
  ) {
    self.files = files
    self.types = types
    self.references = references
    self.fileDependencies = fileDependencies
    self.tableUses = tableUses
    self.transactions = transactions
    self.routes = routes
    self.jobs = jobs
    self.outboundCalls = outboundCalls
    self.history = history
    self.findings = findings
    self.members = members
  }

  /// Types at which work begins: handlers of routes, then jobs; one for each route and job.
  package var entryTypes: [TypeID] { routes.map(\.handler) + jobs.map(\.type) }
}

/// Index of a type in `CodeModel.types`.
public struct TypeID: Sendable, Hashable, Comparable, Codable {
  /// The index.
  public var index: Int32
  /// Wraps an index.
  public init(_ index: Int) { self.index = Int32(index) }
  /// Orders by index.
  public static func < (left: TypeID, right: TypeID) -> Bool { left.index < right.index }
}

/// Index of a file in `CodeModel.files`.
public struct FileID: Sendable, Hashable, Comparable, Codable {
  /// The index.
  public var index: Int32
  /// Wraps an index.
  public init(_ index: Int) { self.index = Int32(index) }
  /// Orders by index.
  public static func < (left: FileID, right: FileID) -> Bool { left.index < right.index }
}

/// A position in a source file: lines and UTF-8 columns count from 1.
public struct SourcePosition: Sendable, Hashable, Comparable {
  /// The file.
  public var file: FileID
  /// 1-based line.
  public var line: Int32
  /// 1-based column in UTF-8 bytes.
  public var column: Int32
  /// Creates a position.
  public init(file: FileID, line: Int, column: Int) {
    self.file = file
    self.line = Int32(line)
    self.column = Int32(column)
  }
  /// Orders by file, line, column.
  public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}

/// One source file.
public struct SourceFile: Sendable, Equatable {
  /// Path relative to the analysed folder.
  public var path: String
  /// Module the file belongs to: the target's name, found from the manifest or the folder layout.
  public var module: String
  /// Number of lines.
  public var lines: Int
  /// Creates a file.
  public init(path: String, module: String, lines: Int) {
    self.path = path
    self.module = module
    self.lines = lines
  }
}

/// A declared nominal type, or the pseudo type that stands for a file's top-level functions.
public struct TypeDeclaration: Sendable, Equatable {
  /// What was declared.
  public enum Kind: String, Sendable, Codable {
    case `class`, `struct`, `enum`, actor, `protocol`, `typealias`
    /// Top-level functions, variables and statements of one file.
    case fileScope
    /// A member of a type that is taken apart; overloads are one.
    case member
  }
  /// Name without the enclosing types.
  public var name: String
  /// Name with the enclosing types, such as `Order.Line`.
  public var qualifiedName: String
  /// Module that declares it.
  public var module: String
  /// What was declared.
  public var kind: Kind
  /// Where its name stands.
  public var position: SourcePosition
  /// Number of member declarations, extensions included; large values mark god types.
  public var memberCount: Int
  /// Creates a declaration.
  public init(
    name: String, qualifiedName: String, module: String, kind: Kind, position: SourcePosition,
    memberCount: Int
  ) {
    self.name = name
    self.qualifiedName = qualifiedName
    self.module = module
    self.kind = kind
    self.position = position
    self.memberCount = memberCount
  }
}

/// One occurrence of one type's code naming another type or a member of it.
public struct Reference: Sendable, Equatable {
  /// How the reference is made, from the strongest tie to the weakest.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case inheritance, conformance, storedProperty, construction, call, signature, typeUse, global
  }
  /// Which source of evidence found it (design: three tiers).
  public enum Tier: String, Sendable, Codable {
    case syntax, compilerIndex, buildIndex
  }
  // Models hold many: the order of what follows keeps each small.
  /// Type whose code holds the reference.
  public var from: TypeID
  /// Type that is named, or whose member is used.
  public var to: TypeID
  /// Where.
  public var position: SourcePosition
  /// File that declares what is used, where that is not the file of the type: an extension's.
  package var extensionFile: FileID?
  /// How.
  public var kind: Kind
  /// The evidence.
  public var tier: Tier
  /// A guess: only the name of a member tells, because a single visible type has one of that name.
  public var isByNameAlone: Bool
  /// The name as written at the position: a type, a member, an operator.
  public var symbol: String
  /// Creates a reference.
  public init(
    from: TypeID, to: TypeID, kind: Kind, tier: Tier, symbol: String, position: SourcePosition,
    isByNameAlone: Bool = false
  ) {
    self.from = from
    self.to = to
    self.kind = kind
    self.tier = tier
    self.symbol = symbol
    self.position = position
    self.isByNameAlone = isByNameAlone
  }
}

/// One file that uses declarations of another.
public struct FileDependency: Sendable, Hashable, Comparable {
  /// The file that uses.
  public var from: FileID
  /// The file that declares what is used.
  public var to: FileID
  /// Number of places in `from`.
  public var count: Int
  /// Creates a dependency.
  public init(from: FileID, to: FileID, count: Int) {
    self.from = from
    self.to = to
    self.count = count
  }
  /// Orders by both files.
  public static func < (left: FileDependency, right: FileDependency) -> Bool {
    (left.from, left.to) < (right.from, right.to)
  }
}

/// One use of a database table.
public struct TableUse: Sendable, Equatable {
  /// What is done with the table.
  public enum Access: String, Sendable, Codable {
    /// A record type or schema maps to it.
    case maps
    case reads
    case writes
    /// A migration creates or alters it.
    case defines
  }
  /// Table name as the database knows it.
  public var table: String
  /// What is done.
  public var access: Access
  /// Type whose code does it.
  public var type: TypeID
  /// Enclosing function, `Type.function`, empty outside of functions. Uses that share it and a
  /// `transaction` belong to one transaction.
  public var function: String
  /// True inside a transaction's closure.
  public var inTransaction: Bool
  /// Where.
  public var position: SourcePosition
  /// Creates a use.
  public init(
    table: String, access: Access, type: TypeID, function: String, inTransaction: Bool,
    position: SourcePosition
  ) {
    self.table = table
    self.access = access
    self.type = type
    self.function = function
    self.inTransaction = inTransaction
    self.position = position
  }
}

/// An HTTP route that the code registers.
public struct RouteRegistration: Sendable, Equatable {
  /// Stands in a path for what the code computes: one segment or several.
  package static let unread = "{?}"

  /// Upper-case method; `*` for any.
  public var method: String
  /// Path template with groups applied: `/orders/{id}`, `/files/**`; `{?}` for a part that is
  /// computed.
  public var path: String
  /// Type whose code registers it.
  public var registeredBy: TypeID
  /// Type whose method handles it; the registering type when a closure does.
  public var handler: TypeID
  /// Where.
  public var position: SourcePosition
  /// Creates a registration.
  public init(
    method: String, path: String, registeredBy: TypeID, handler: TypeID, position: SourcePosition
  ) {
    self.method = method
    self.path = path
    self.registeredBy = registeredBy
    self.handler = handler
    self.position = position
  }
}

/// A background job or scheduled task.
public struct JobDeclaration: Sendable, Equatable {
  /// Type that runs.
  public var type: TypeID
  /// Protocol or call that makes it a job, such as `Service` or `AsyncJob`.
  public var evidence: String
  /// Where.
  public var position: SourcePosition
  /// Creates a job.
  public init(type: TypeID, evidence: String, position: SourcePosition) {
    self.type = type
    self.evidence = evidence
    self.position = position
  }
}

/// A call to another system over HTTP.
public struct OutboundCall: Sendable, Equatable {
  /// Type that calls.
  public var type: TypeID
  /// URL or host where it stands in a literal, else the expression as written.
  public var target: String
  /// Where.
  public var position: SourcePosition
  /// Creates a call.
  public init(type: TypeID, target: String, position: SourcePosition) {
    self.type = type
    self.target = target
    self.position = position
  }
}

/// Something the reader should know, with its place. A finding never stops an analysis.
public struct Finding: Sendable, Equatable {
  /// How bad it is.
  public enum Severity: String, Sendable, Codable, Comparable {
    case note, warning, error
    /// Orders note < warning < error.
    public static func < (left: Severity, right: Severity) -> Bool {
      left.rank < right.rank
    }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }
  /// Stable identifier such as `parse-failure`, `god-type`, `shared-table`.
  public var id: String
  /// How bad.
  public var severity: Severity
  /// One sentence with numbers.
  public var message: String
  /// Places, most telling first.
  public var locations: [SourcePosition]
  /// What it costs, about, in points of effort; 0 where it costs nothing or nobody knows. Orders
  /// findings of one severity.
  public var weight: Double
  /// Creates a finding.
  public init(
    id: String, severity: Severity, message: String, locations: [SourcePosition] = [],
    weight: Double = 0
  ) {
    self.weight = weight
    self.id = id
    self.severity = severity
    self.message = message
    self.locations = locations
  }
}
