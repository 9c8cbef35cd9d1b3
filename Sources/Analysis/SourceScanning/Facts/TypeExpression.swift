// SPDX-License-Identifier: Apache-2.0

/// A type as written.
enum TypeExpression: Sendable {
  typealias ID = Handle<TypeExpression>

  /// Anything that names no declared type.
  case unknown
  case named(String, arguments: [ID])
  case member(base: ID, name: String, arguments: [ID])
  case optional(ID)
  case array(ID)
  case dictionary(key: ID, value: ID)
  case tuple([Element])
  case function(parameters: [ID], result: ID)
  case metatype(ID)
  case composition([ID])
  /// An attribute with a type name, such as a global actor, before a type.
  case attributed(attributes: [ID], base: ID)

  struct Element: Sendable {
    var label: String?
    var type: ID
  }
}
