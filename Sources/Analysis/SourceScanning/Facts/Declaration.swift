// SPDX-License-Identifier: Apache-2.0

/// One declaration as written: a type, an extension, a member, a global or a local function or
/// type.
struct Declaration: Sendable {
  enum Kind: UInt8, Sendable {
    case `class`, `struct`, `enum`, actor, `protocol`, `extension`
    case `typealias`, associatedType
    case function, initializer, deinitializer, `subscript`, variable, enumCase
  }

  /// Who may name a declaration, in growing order. `package` counts as public: it crosses targets.
  enum Access: Int8, Sendable, Comparable {
    case file, module, everywhere
    static func < (left: Access, right: Access) -> Bool { left.rawValue < right.rawValue }
  }

  var kind: Kind
  var name: String
  /// Offset of the name.
  var offset: UInt32
  /// Everything that a type, an alias or an extension spans, attributes included.
  var extent: Range<UInt32>?
  /// Enclosing declaration, which stands earlier in the arena.
  var parent: Handle<Declaration>?
  /// Written access level; `nil` leaves it to the context.
  var access: Access?
  var isStatic = false
  /// Declared in a body, so no name lookup from elsewhere finds it.
  var isLocal = false
  var attributes: [Attribute] = []
  var generics = GenericSignature()
  /// Inheritance clause.
  var inherited: [Handle<TypeExpression>] = []
  /// Extended type, aliased type, or annotation of a variable.
  var type: Handle<TypeExpression>?
  var parameters: [Parameter] = []
  var result: Handle<TypeExpression>?
  var thrown: Handle<TypeExpression>?
  /// `init?`.
  var isFailable = false
  /// Value of a variable.
  var initializer: Handle<Expression>?
  var accessors: [Accessor] = []
  var body: Handle<Block>?

  init(kind: Kind, name: String, offset: UInt32, parent: Handle<Declaration>?) {
    self.kind = kind
    self.name = name
    self.offset = offset
    self.parent = parent
  }
}

/// Generic parameters with their bounds, and the `where` clause.
struct GenericSignature: Sendable {
  struct Parameter: Sendable {
    var name: String
    var bound: Handle<TypeExpression>?
  }
  struct Requirement: Sendable {
    var left: Handle<TypeExpression>
    var right: Handle<TypeExpression>
    /// `T: P`, else `T == U`.
    var isConformance: Bool
  }
  var parameters: [Parameter] = []
  var requirements: [Requirement] = []
}

/// Parameter of a function, an initialiser, a subscript or an enum case.
struct Parameter: Sendable {
  /// Argument label; `nil` for `_`.
  var label: String?
  /// Name inside of the body.
  var name: String
  var type: Handle<TypeExpression>
  var defaultValue: Handle<Expression>?
  var isVariadic = false
  var attributes: [Attribute] = []
}

/// `@Wrapper(argument)`.
struct Attribute: Sendable {
  var type: Handle<TypeExpression>
  var arguments: [Argument]
}

/// Body of a getter, setter or observer.
struct Accessor: Sendable {
  var isGetter: Bool
  /// `newValue` under another name.
  var parameterName: String?
  var body: Handle<Block>
  /// What a getter returns that does nothing else, where that may be a text.
  var constant: Handle<Expression>?
}
