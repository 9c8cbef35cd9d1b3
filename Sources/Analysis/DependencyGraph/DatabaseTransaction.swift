// SPDX-License-Identifier: Apache-2.0

/// A database transaction, told from where it is opened: what stands in its closure, and what the
/// functions do that are called from inside of it, wherever their statements stand.
public struct DatabaseTransaction: Sendable, Equatable {
  /// A statement that runs in it.
  public struct Step: Sendable, Hashable {
    /// Table name as the database knows it.
    public var table: String
    /// What is done with the table.
    public var access: TableUse.Access
    /// Type whose code holds the statement.
    public var type: TypeID
    /// Where the statement stands.
    public var position: SourcePosition
    /// Creates a step.
    public init(
      table: String, access: TableUse.Access, type: TypeID, position: SourcePosition
    ) {
      self.table = table
      self.access = access
      self.type = type
      self.position = position
    }
  }

  /// Type whose code opens it.
  public var opener: TypeID
  /// Function that opens it, `Type.function`; empty outside of functions.
  public var function: String
  /// Where it is opened.
  public var position: SourcePosition
  /// What runs in it, in order of place.
  public var steps: [Step]

  /// Creates a transaction.
  public init(opener: TypeID, function: String, position: SourcePosition, steps: [Step]) {
    self.opener = opener
    self.function = function
    self.position = position
    self.steps = steps
  }
}

extension DatabaseTransaction.Step: Comparable {
  /// Orders by place, table, access and type.
  public static func < (left: Self, right: Self) -> Bool {
    if left.position != right.position { return left.position < right.position }
    return (left.table, left.access.rawValue, left.type)
      < (right.table, right.access.rawValue, right.type)
  }
}
