// SPDX-License-Identifier: Apache-2.0

/// A configuration file as a tree of values that know where they stand; independent of the file's
/// syntax.
public struct ConfigurationNode: Sendable, Equatable {
  /// A place in the file, both from 1.
  public struct Mark: Sendable, Hashable {
    /// Line.
    public var line: Int
    /// Column in characters.
    public var column: Int
    /// Creates a place.
    public init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }
  }

  /// One `key: value`.
  public struct Entry: Sendable, Equatable {
    /// The key's text.
    public var key: String
    /// Where the key stands.
    public var mark: Mark
    /// The value.
    public var value: ConfigurationNode
    /// Creates an entry.
    public init(key: String, mark: Mark, value: ConfigurationNode) {
      self.key = key
      self.mark = mark
      self.value = value
    }
  }

  /// What stands there.
  public indirect enum Value: Sendable, Equatable {
    /// Nothing, or an explicit null.
    case null
    /// A text, number or truth value, as written.
    case scalar(String)
    /// A list.
    case sequence([ConfigurationNode])
    /// Keys with values, in file order.
    case mapping([Entry])
  }

  /// What stands there.
  public var value: Value
  /// Where.
  public var mark: Mark

  /// Creates a node.
  public init(_ value: Value, at mark: Mark) {
    self.value = value
    self.mark = mark
  }

  /// What it is, for a message: `"abc"`, `a list`, `a mapping`, `nothing`.
  var found: String {
    switch value {
    case .null: "nothing"
    case .scalar(let text): "\"\(text.count > 60 ? text.prefix(60) + "..." : text)\""
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
