// SPDX-License-Identifier: Apache-2.0

/// What went wrong in a message store.
public struct MessageStoreError: Error, Sendable, CustomStringConvertible {
  /// What a caller can tell apart.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// Stable name, such as `outside-transaction`.
    public let description: String
    init(_ description: String) { self.description = description }

    /// An operation that must share the caller's transaction was called without one, or after it
    /// had ended.
    public static let outsideTransaction = Code("outside-transaction")
    /// The event breaks a limit or a naming rule; `cause` is an `EventRejection`.
    public static let invalidEvent = Code("invalid-event")
    /// The event's payload is not what its contract says; `cause` is a `ContractBreach`.
    public static let brokenContract = Code("broken-contract")
    /// An event with this id was appended before.
    public static let duplicateEvent = Code("duplicate-event")
    /// The tables were made by a newer version of this package.
    public static let newerSchema = Code("newer-schema")
    /// The tables are missing or older than this build.
    public static let missingTables = Code("missing-tables")
    /// A stored row cannot be read back.
    public static let corruptRow = Code("corrupt-row")
    /// The tables came here from another database: by a dump, or by a copy.
    public static let otherDatabase = Code("other-database")
    /// The tables belong to this database already, so there is no reason to give them to it anew.
    public static let sameDatabase = Code("same-database")
    /// An address that cannot be used, or holds a password.
    public static let invalidAddress = Code("invalid-address")
    /// There is no connection to the database. Whether a statement that was sent took effect is not
    /// known.
    public static let unavailable = Code("unavailable")
    /// Too many callers wait for a connection already; nothing was sent.
    public static let busy = Code("busy")
    /// The database refused a statement; `sqlState` says why.
    public static let refused = Code("refused")
    /// This build lacks what the store needs.
    public static let unsupported = Code("unsupported")
  }

  /// Which error.
  public var code: Code
  /// What was wrong, where, and what to do.
  public var message: String
  /// The five characters with which PostgreSQL names the reason, such as `23505`.
  public var sqlState: String?
  /// The error underneath, if any.
  public var cause: (any Error)?

  package init(
    _ code: Code, _ message: String, sqlState: String? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.cause = cause
  }

  /// Code and message.
  public var description: String { "\(code): \(message)" }
}
