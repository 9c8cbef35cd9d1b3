// SPDX-License-Identifier: Apache-2.0

public import SagaModel
public import TransactionalMessaging

/// Limits and times of an orchestrator. Times are milliseconds.
public struct OrchestratorConfiguration: Sendable, Equatable {
  /// How long others wait before they take over from an orchestrator that says nothing. A process
  /// that starts again under the same name waits for nothing.
  public var lease: Int64 = 10_000
  /// Longest wait before it is looked for what other processes have begun or answered.
  public var poll: Int64 = 250
  /// Most sagas that are at hand at the same time: those whose calls run, not those that wait.
  public var inHand = 256
  /// Most sagas that go on in one transaction.
  public var group = 64
  /// Wait after a failure of the store.
  public var outage = Backoff(first: 10, most: 2_000)

  /// Creates a configuration with the defaults above.
  public init() {}
}

/// What an orchestrator has done since it was created, for metrics and consoles.
public struct OrchestratorStatus: Sendable, Equatable {
  /// Whether it runs sagas now.
  public var isRunning = false
  /// Sagas whose steps are all done.
  public var completed = 0
  /// Sagas that went back.
  public var compensated = 0
  /// Sagas that wait for an operator since.
  public var parked = 0
  /// Steps of sagas that were stored.
  public var transitions = 0
  /// Transactions in which they were.
  public var groups = 0
  /// Sagas that wait for a definition that this orchestrator does not have.
  public var unknown: [SagaIdentity: Int] = [:]
  /// Why it does not go on now; nil where it does.
  public var outage: String?

  mutating func count(_ action: SagaAction, _ record: SagaRecord) {
    transitions += 1
    switch action {
    case .end:
      if record.phase == .completed { completed += 1 } else { compensated += 1 }
    case .park: parked += 1
    case .none, .attempt, .wait: break
    }
  }
}
