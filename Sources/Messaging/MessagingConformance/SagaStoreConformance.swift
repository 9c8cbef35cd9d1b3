// SPDX-License-Identifier: Apache-2.0

public import SagaModel
public import TransactionalMessaging

/// A store of sagas under test, empty, and the rest of its database.
public struct SagaStoreUnderTest<Store: SagaStore>: Sendable {
  /// The store.
  public var store: Store
  /// Work in the store's transaction that writes a row, and throws where it is told to.
  public var write: @Sendable (_ throwing: Bool) -> Store.Write
  /// Begins sagas in one transaction; says of each whether it is new.
  public var begin: @Sendable ([SagaRecord]) async throws -> [Bool]
  /// Takes a service's answer in.
  public var accept: @Sendable (ReceivedEvent) async throws -> Void
  /// How many rows the work has written.
  public var rows: @Sendable () async throws -> Int
  /// Events of the outbox in order.
  public var events: @Sendable () async throws -> [OutboxEvent]
  /// Forgets sagas that ended before a time.
  public var prune: @Sendable (Int64) async throws -> Int

  /// Creates one.
  public init(
    store: Store, write: @escaping @Sendable (Bool) -> Store.Write,
    begin: @escaping @Sendable ([SagaRecord]) async throws -> [Bool],
    accept: @escaping @Sendable (ReceivedEvent) async throws -> Void,
    rows: @escaping @Sendable () async throws -> Int,
    events: @escaping @Sendable () async throws -> [OutboxEvent],
    prune: @escaping @Sendable (Int64) async throws -> Int
  ) {
    self.store = store
    self.write = write
    self.begin = begin
    self.accept = accept
    self.rows = rows
    self.events = events
    self.prune = prune
  }
}

/// What every store of sagas must do.
public enum SagaStoreConformance: String, CaseIterable, Sendable {
  /// A saga is begun once.
  case beginsAnIDOnce
  /// Nobody takes what another one has, or has no definition for.
  case givesEachSagaToOne
  /// A name that is taken again has what it had.
  case givesANewProcessWhatTheFormerHad
  /// Who was taken over from stores nothing.
  case refusesWhoWasTakenOverFrom
  /// Work, step and command are stored together or not at all.
  case storesATurnAsOne
  /// Work that throws leaves nothing.
  case undoesWorkThatThrows
  /// A command that cannot be sent is its saga's failure only.
  case keepsAGroupDespiteABadCommand
  /// A record is read as it was stored.
  case readsWhatWasStored
  /// Answers wait until they are looked at.
  case keepsAnswersUntilTheyAreSettled
  /// What is due is found, the first one first.
  case findsWhatIsDue
  /// What has ended takes nothing in and is forgotten.
  case forgetsWhatHasEnded

  /// Runs the check.
  ///
  /// - Throws: `ConformanceFailure`, or the store's error.
  public func check<Store>(_ subject: SagaStoreUnderTest<Store>) async throws {
    let check = try SagaStoreCheck(subject)
    switch self {
    case .beginsAnIDOnce: try await check.beginsOnce()
    case .givesEachSagaToOne: try await check.givesToOne()
    case .givesANewProcessWhatTheFormerHad: try await check.givesToANewProcess()
    case .refusesWhoWasTakenOverFrom: try await check.refusesTheFormer()
    case .storesATurnAsOne: try await check.storesAsOne()
    case .undoesWorkThatThrows: try await check.undoesWork()
    case .keepsAGroupDespiteABadCommand: try await check.survivesABadCommand()
    case .readsWhatWasStored: try await check.readsBack()
    case .keepsAnswersUntilTheyAreSettled: try await check.keepsAnswers()
    case .findsWhatIsDue: try await check.findsDue()
    case .forgetsWhatHasEnded: try await check.forgets()
    }
  }
}
