// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// A store under test, and the producer's side of its database.
public struct RelayStoreUnderTest: Sendable {
  /// A transaction that has appended and is still open.
  public struct OpenTransaction: Sendable {
    /// Appends more and commits.
    public var commit: @Sendable ([OutboxEvent]) async throws -> Void

    /// Creates one.
    public init(commit: @escaping @Sendable ([OutboxEvent]) async throws -> Void) {
      self.commit = commit
    }
  }

  /// The store.
  public var store: any RelayStore
  /// Appends events in one transaction.
  public var append: @Sendable ([OutboxEvent]) async throws -> [AppendedEvent]
  /// Appends events in a transaction that rolls back.
  public var appendAborted: @Sendable ([OutboxEvent]) async throws -> Void
  /// Appends events in a transaction that stays open; nil where there is one writer at a time.
  public var open: (@Sendable ([OutboxEvent]) async throws -> OpenTransaction)?

  /// Creates one.
  public init(
    store: any RelayStore,
    append: @escaping @Sendable ([OutboxEvent]) async throws -> [AppendedEvent],
    appendAborted: @escaping @Sendable ([OutboxEvent]) async throws -> Void,
    open: (@Sendable ([OutboxEvent]) async throws -> OpenTransaction)? = nil
  ) {
    self.store = store
    self.append = append
    self.appendAborted = appendAborted
    self.open = open
  }
}
