// SPDX-License-Identifier: Apache-2.0

/// Statements that share a scope.
typealias Block = [Statement]

/// A statement as written, reduced to what name lookup and inference need.
enum Statement: Sendable {
  case expression(Expression.ID)
  case `return`(Expression.ID?)
  case binding(Binding)
  /// A local function or type; its own code is walked with the declarations of the file.
  case declaration(Handle<Declaration>)
  /// `if`, `while`, `do`, `defer`, `catch`: names bound by the conditions live in the body.
  case scope(ConditionalBlock)
  /// Names bound by the conditions live on after the statement.
  case `guard`(conditions: [Condition], otherwise: Block)
  case forIn(ForLoop)
  /// A `#if` clause that is active: no scope of its own.
  case inline(Block)
}

/// `let pattern: type = value`.
struct Binding: Sendable {
  var pattern: Pattern
  var type: TypeExpression.ID?
  var value: Expression.ID?
  var accessors: [Accessor] = []
}

struct ConditionalBlock: Sendable {
  var conditions: [Condition]
  var body: Block
}

enum Condition: Sendable {
  case boolean(Expression.ID)
  /// `let pattern: type = value`, or `let name` alone.
  case optionalBinding(Pattern, type: TypeExpression.ID?, value: Expression.ID?, offset: UInt32)
  /// `case pattern = value`; without a value the error of a `catch`.
  case matching(Pattern, value: Expression.ID?)
}

struct ForLoop: Sendable {
  var pattern: Pattern
  var type: TypeExpression.ID?
  var sequence: Expression.ID
  var filter: Expression.ID?
  var body: Block
}

struct SwitchCase: Sendable {
  struct Item: Sendable {
    var pattern: Pattern
    var filter: Expression.ID?
  }
  /// Empty for `default`.
  var items: [Item]
  var body: Block
}

indirect enum Pattern: Sendable {
  case wildcard
  case name(String)
  case tuple([Pattern])
  case type(TypeExpression.ID)
  case expression(Expression.ID)
}
