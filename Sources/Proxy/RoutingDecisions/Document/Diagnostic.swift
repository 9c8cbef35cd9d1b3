// SPDX-License-Identifier: Apache-2.0

/// Where in a configuration file something stands.
public struct SourceLocation: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The file as the user named it.
  public var file: String
  /// Line, from 1.
  public var line: Int
  /// Column in characters, from 1.
  public var column: Int

  /// Creates a location.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Order of reading.
  public static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }

  /// `file:line:column`, as compilers write it and editors read it.
  public var description: String { "\(file):\(line):\(column)" }
}

/// One finding about a configuration.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
  /// Whether the configuration can still be used.
  public enum Severity: String, Sendable, Equatable {
    /// It cannot be used.
    case error
    /// It can, but probably not as meant.
    case warning
  }

  /// Whether the configuration can still be used.
  public var severity: Severity
  /// Where it stands; nil for a configuration that was written in Swift.
  public var location: SourceLocation?
  /// The key, such as `routes[1].percent`; empty for the whole document.
  public var key: String
  /// What was expected, what was found, and what to do where that is not obvious.
  public var message: String

  /// Creates a finding.
  public init(
    _ severity: Severity, location: SourceLocation? = nil, key: String, message: String
  ) {
    self.severity = severity
    self.location = location
    self.key = key
    self.message = message
  }

  /// `strangler.yaml:7:12: error: routes[1].percent: expected ...`.
  public var description: String {
    let place = location.map { "\($0): " } ?? ""
    let subject = key.isEmpty ? "" : "\(key): "
    return "\(place)\(severity.rawValue): \(subject)\(message)"
  }
}
