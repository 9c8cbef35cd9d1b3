// SPDX-License-Identifier: Apache-2.0

/// Index of a type, alias or associated type in the symbol table.
struct NominalID: Hashable, Sendable, Comparable {
  let index: Int32
  init(_ index: Int) { self.index = Int32(index) }
  static func < (left: NominalID, right: NominalID) -> Bool { left.index < right.index }
}

/// Index of a member or global in the symbol table.
struct MemberID: Hashable, Sendable {
  let index: Int32
  init(_ index: Int) { self.index = Int32(index) }
}

/// Index of a name scope in the symbol table.
struct ScopeID: Hashable, Sendable {
  let index: Int32
  init(_ index: Int) { self.index = Int32(index) }
}

/// A type expression with the scope its names are looked up in. The scope knows the file.
struct ScopedType: Sendable {
  var type: TypeExpression.ID
  var scope: ScopeID
}

/// Place where names are looked up, from a body outwards to the file.
struct Scope: Sendable {
  var parent: ScopeID?
  /// Type whose members are in scope here.
  var nominal: NominalID?
  /// Index of the file.
  var file: Int
  /// Of an extension: the generic parameters of the extended type are in scope as well.
  var isExtension = false
  /// Generic parameters with their bounds that are written here.
  var generics: [String: [ScopedType]] = [:]
  /// Types declared in a body.
  var localTypes: [String: NominalID] = [:]
}

/// A type that the tree declares, or a type from elsewhere that the tree extends.
struct Nominal: Sendable {
  enum Kind: UInt64, Sendable {
    case `class`, `struct`, `enum`, actor, `protocol`, alias, associatedType
    /// Declared outside of the scanned tree.
    case external
  }
  var name: String
  var kind: Kind
  var file: Int
  var declaration: Handle<Declaration>?
  var parent: NominalID?
  var access: Declaration.Access = .module
  var genericParameters: [String] = []
  /// Scope of its members; `nil` for external types.
  var scope: ScopeID?
  /// Inheritance clauses, extensions included.
  var inherited: [ScopedType] = []
  /// Aliased type, or default of an associated type.
  var aliased: ScopedType?
  /// Declared supertypes, in order of declaration.
  var supertypes: [NominalID] = []
  /// Supertypes that the tree does not declare.
  var externalSupertypes: [String] = []
  /// Itself, then its supertypes depth first: the order in which members are looked up.
  var lineage: [NominalID] = []
  var members: [String: [MemberID]] = [:]
  var memberCount = 0
  var nested: [String: NominalID] = [:]
  /// Round of extensions that declared it; 0 for what stands outside of them.
  var birth = 0
  /// Number of its extensions.
  var extensionCount = 0
  /// What is declared in it does not stand in the order of files, or hides what another file
  /// declares.
  var isIrregular = false

  /// Stands for the last round, which declares what extends types from elsewhere.
  static let bornLast = 9

  var isAliasLike: Bool { kind == .alias || kind == .associatedType }
}

/// Property, function, initialiser, subscript or case; without an owner a global.
struct Member: Sendable {
  enum Kind: UInt64, Sendable { case function, initializer, `subscript`, variable, enumCase }
  var name: String
  var kind: Kind
  var owner: NominalID?
  var file: Int
  var declaration: Handle<Declaration>
  /// Scope of its signature and body.
  var scope: ScopeID
  var isStatic: Bool
  var access: Declaration.Access
  /// Declared in an extension of its owner.
  var isInExtension = false
  /// What was found as its type depends on where the search began.
  var isOrderSensitive = false
  /// Type of its value, or function type. Set by the member pass.
  var type = InferredType.unknown
  var parameterTypes: [InferredType] = []
}
