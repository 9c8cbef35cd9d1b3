// SPDX-License-Identifier: Apache-2.0

/// A member of a type that has many. It spans the places of the type's code from its own to that of
/// the next member in the file.
public struct MemberDeclaration: Sendable, Equatable {
  /// Members from which those of a type are told one by one.
  public static let leastOfLargeType = 20

  /// Type that it is a member of.
  public var owner: TypeID
  /// Base name: overloads share it.
  public var name: String
  /// A function or an initialiser; else a property, which hands something out.
  public var isFunction: Bool
  /// Where its name stands.
  public var position: SourcePosition
  /// Creates a member.
  public init(owner: TypeID, name: String, isFunction: Bool, position: SourcePosition) {
    self.owner = owner
    self.name = name
    self.isFunction = isFunction
    self.position = position
  }
}
