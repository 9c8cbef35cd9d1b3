// SPDX-License-Identifier: Apache-2.0

/// What went wrong in the store of shadow evidence.
public struct EvidenceStoreError: Error, Sendable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Code: String, Sendable {
    /// There is no such file, and it was not to be made.
    case missing
    /// The file cannot be opened, or is not a database.
    case unreadable
    /// The tables were made by a newer version.
    case newerSchema = "newer-schema"
    /// A stored row cannot be read back.
    case corruptRow = "corrupt-row"
  }

  /// Which error.
  public var code: Code
  /// What was wrong and what to do.
  public var message: String
  /// The error underneath, if any.
  public var cause: (any Error)?

  init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message, and the error underneath.
  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
