// SPDX-License-Identifier: Apache-2.0

/// What went wrong in the SQLite message store.
public struct MessageStoreError: Error, Sendable, CustomStringConvertible {
  /// What a caller can tell apart.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// Stable name, such as `outside-transaction`.
    public let description: String
    init(_ description: String) { self.description = description }

    /// An operation that must share the caller's transaction was called without one.
    public static let outsideTransaction = Code("outside-transaction")
    /// The event breaks a limit or a naming rule; `cause` is an `EventRejection`.
    public static let invalidEvent = Code("invalid-event")
    /// An event with this id was appended before.
    public static let duplicateEvent = Code("duplicate-event")
    /// The tables were made by a newer version of this package.
    public static let newerSchema = Code("newer-schema")
    /// A stored row cannot be read back.
    public static let corruptRow = Code("corrupt-row")
  }

  /// Which error.
  public var code: Code
  /// What was wrong, where, and what to do.
  public var message: String
  /// The error underneath, if any.
  public var cause: (any Error)?

  init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// Code and message.
  public var description: String { "\(code): \(message)" }
}
