// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// Where sagas are kept, together with the outbox of their commands.
///
/// Each saga belongs to one orchestrator at a time, and what another one stores for it is refused:
/// `owner` and `epoch` are the fence.
public protocol SagaStore: Sendable {
  /// Work in the store's own transaction: the context as JSON in, the changed one out.
  associatedtype Write: Sendable

  /// Raised when a saga of this database was begun, answered or ordered in this process.
  var signal: WakeSignal { get }

  /// Takes an orchestrator's name: whoever had it before can store nothing more, and what it had
  /// belongs to nobody.
  ///
  /// - Parameters:
  ///   - orchestrator: the name.
  ///   - former: what this process had so far.
  ///   - until: when the lease ends, milliseconds since 1970.
  /// - Throws: `SagaFenced` when another process has taken the name since.
  func acquire(_ orchestrator: String, after former: SagaLease?, until: Int64) async throws
    -> SagaLease

  /// Moves the end of a lease.
  ///
  /// - Throws: `SagaFenced` when another process has taken it over.
  func renew(_ lease: SagaLease, until: Int64) async throws

  /// Ends a lease: other orchestrators may take its sagas over at once.
  func release(_ lease: SagaLease) async throws

  /// Takes sagas that belong to nobody, the ones whose time comes first before others.
  ///
  /// - Parameters:
  ///   - lease: who takes them.
  ///   - identities: what can be run; nothing else is taken.
  ///   - orphans: also those whose orchestrator's lease has ended.
  ///   - now: milliseconds since 1970.
  ///   - limit: most that are taken.
  func claim(
    _ lease: SagaLease, _ identities: [SagaIdentity], orphans: Bool, now: Int64, limit: Int
  ) async throws -> [OpenSaga]

  /// Sagas of the lease whose time has come, or for which something has come in.
  func due(_ lease: SagaLease, now: Int64, limit: Int) async throws -> [OpenSaga]

  /// Sagas of the lease, by id; those that are not its are left out.
  func load(_ ids: [String], _ lease: SagaLease) async throws -> [OpenSaga]

  /// Stores what turns come to, all in one transaction: work, step, saga and command of a turn
  /// together or not at all.
  ///
  /// - Returns: for each turn what was stored; nil where the saga belongs to another orchestrator,
  ///   or where it is not what it was.
  func commit(_ turns: [SagaTurn<Self>], _ lease: SagaLease) async throws -> [SagaDecision?]

  /// How many sagas wait for a definition that is none of these.
  func unknown(to identities: [SagaIdentity]) async throws -> [(identity: SagaIdentity, count: Int)]
}

/// The right to run sagas.
public struct SagaLease: Sendable, Equatable {
  /// The orchestrator's name: one process at a time.
  public var orchestrator: String
  /// Grows each time that the name is taken.
  public var epoch: Int64

  /// Creates a lease.
  public init(orchestrator: String, epoch: Int64) {
    self.orchestrator = orchestrator
    self.epoch = epoch
  }

  /// What taking a name has given.
  package init(_ orchestrator: String, _ epoch: Int64?, after former: SagaLease?) throws {
    guard let epoch else {
      throw SagaFenced(lease: former ?? SagaLease(orchestrator: orchestrator, epoch: 0))
    }
    self.init(orchestrator: orchestrator, epoch: epoch)
  }
}

/// Another process has taken the orchestrator's name.
public struct SagaFenced: Error, Sendable, Equatable, CustomStringConvertible {
  /// The lease that is over.
  public var lease: SagaLease

  /// Creates the error.
  public init(lease: SagaLease) { self.lease = lease }

  /// One sentence.
  public var description: String {
    "another process runs as the orchestrator \(lease.orchestrator), and this one is fenced out"
  }
}

/// A saga together with what has come in for it and was not looked at.
public struct OpenSaga: Sendable, Equatable {
  /// Where it stands.
  public var record: SagaRecord
  /// In the order in which they came.
  public var arrivals: [SagaArrival]

  /// Creates one, as a store reads it.
  public init(record: SagaRecord, arrivals: [SagaArrival]) {
    self.record = record
    self.arrivals = arrivals
  }
}

/// Something that came in for a saga from outside, and is kept until its orchestrator looks at it.
public struct SagaArrival: Sendable, Equatable {
  /// What it is.
  public enum Content: Sendable, Equatable {
    /// A service's answer to a command.
    case answer(step: String, SagaDirection, SagaAnswer.Outcome)
    /// What an operator decided.
    case order(SagaOrder)
  }

  /// Its place in the order.
  public var number: Int64
  /// What it is.
  public var content: Content

  /// Creates one, as a store reads it.
  public init(number: Int64, content: Content) {
    self.number = number
    self.content = content
  }
}

/// One step of one saga from what is stored to what is stored next.
public struct SagaTurn<Store: SagaStore>: Sendable {
  /// What is stored.
  public let record: SagaRecord
  /// Work in the transaction, with what it is told.
  public let write: (body: Store.Write, call: SagaCall)?
  /// What the saga comes to, given the context after the work, or its failure, whose changes are
  /// undone; nil where there is no work.
  public let decide: @Sendable (Result<String, any Error>?) -> SagaDecision

  package init(
    record: SagaRecord, write: (body: Store.Write, call: SagaCall)?,
    decide: @escaping @Sendable (Result<String, any Error>?) -> SagaDecision
  ) {
    self.record = record
    self.write = write
    self.decide = decide
  }
}

/// What a turn comes to.
public struct SagaDecision: Sendable {
  /// What is stored.
  public var record: SagaRecord
  /// What follows once it is.
  public var action: SagaAction
  /// A command that goes out with it.
  public var command: OutboxEvent?
  /// What it comes to instead where the command cannot be appended.
  public var refused: (@Sendable (any Error) -> SagaDecision)?
  /// What has been looked at, by `SagaArrival.number`.
  public var arrivals: [Int64]
  /// Steps that are not as they were.
  public var changedSteps: [SagaStepRecord]

  package init(
    from former: SagaRecord, to record: SagaRecord, action: SagaAction, arrivals: [Int64],
    command: OutboxEvent? = nil, refused: (@Sendable (any Error) -> SagaDecision)? = nil
  ) {
    var record = record
    record.revision = former.revision + 1
    if record.phase != .active { record.wakeAt = nil }
    self.record = record
    self.action = action
    self.arrivals = arrivals
    self.command = command
    self.refused = refused
    changedSteps = record.steps.filter { step in former[step.place] != step }
  }
}
