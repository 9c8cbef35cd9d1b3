// SPDX-License-Identifier: Apache-2.0

/// An expression as written. Markers without influence on types (`await`, `&`, parentheses) are
/// gone.
enum Expression: Sendable {
  typealias ID = Handle<Expression>

  case unknown
  /// An identifier, `self`, `Self`, `$0`.
  case name(String)
  /// `base.name`; without a base the contextual type gives it.
  case member(base: ID?, name: String)
  case call(callee: ID, arguments: [Argument], trailingClosures: [Argument])
  case subscripted(base: ID, arguments: [Argument])
  /// `base?` inside of a chain.
  case optionalChain(base: ID)
  case forceUnwrap(base: ID)
  case specialized(base: ID, arguments: [TypeExpression.ID])
  case optionalTry(ID)
  case tuple([Argument])
  case array([ID])
  case dictionary([DictionaryEntry])
  case closure(Handle<Closure>)
  case sequence([SequenceElement])
  case string([StringPart])
  case literal(Literal)
  case `if`(branches: [ConditionalBlock], otherwise: Block?)
  case `switch`(subject: ID, cases: [SwitchCase])
  case superclass
  case type(TypeExpression.ID)
  case keyPath(root: TypeExpression.ID?, components: [KeyPathComponent])
  case macro(arguments: [Argument])
  case pattern(Handle<Pattern>)

  enum Literal: UInt8, Sendable { case integer, float, boolean, `nil`, regex }
}

/// Argument of a call, element of a tuple, or a trailing closure.
struct Argument: Sendable {
  var label: String?
  var value: Expression.ID
}

struct DictionaryEntry: Sendable {
  var key: Expression.ID
  var value: Expression.ID
}

/// Part of an expression whose operators are not folded yet.
enum SequenceElement: Sendable {
  case operand(Expression.ID)
  case `operator`(String)
  case assignment
  /// `? then :`
  case ternary(then: Expression.ID)
  case cast(TypeExpression.ID, isConditional: Bool)
  case typeCheck(TypeExpression.ID)
}

enum StringPart: Sendable {
  case text(String)
  case interpolation([Argument])
}

enum KeyPathComponent: Sendable {
  case property(String, offset: UInt32)
  case `subscript`([Argument])
  case optional
}

/// `{ [captures] (parameters) -> result in body }`.
struct Closure: Sendable {
  struct Capture: Sendable {
    var name: String
    var value: Expression.ID
  }
  struct Parameter: Sendable {
    var name: String
    var type: TypeExpression.ID?
  }
  var captures: [Capture] = []
  var parameters: [Parameter] = []
  var result: TypeExpression.ID?
  var body: Block = []
  /// Holds a `while` or `repeat` loop, or iterates an asynchronous sequence.
  var hasLoop = false
}
