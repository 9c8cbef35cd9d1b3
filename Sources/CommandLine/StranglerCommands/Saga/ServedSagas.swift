// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import ControlPlane
internal import RoutingDecisions
internal import SagaModel
internal import TransactionalMessaging

/// The sagas of a configuration's outbox for the admin API of the proxy that has it.
///
/// The file is read and the database is opened for each look, as the commands do it: a database
/// that was away for a while is there again.
struct ServedSagas: SagaSource {
  let file: String

  /// Nil where the configuration names no database.
  init?(_ file: String) {
    guard ConfigurationFile.outbox(file).settings != nil else { return nil }
    self.file = file
  }

  func sagas(_ question: SagaQuestion) async throws -> [SagaStatus] {
    let states = question.state.flatMap { SagaListing.State(rawValue: $0.rawValue) }
    let listing = SagaListing(
      saga: question.saga, states: states.map { [$0] } ?? [], limit: question.limit)
    return try await reading { try await SagaOperator($0).list(listing) }.map(SagaStatus.init)
  }

  func timeline(of id: String) async throws -> SagaTimeline? {
    try await reading { try await SagaOperator($0).show(id) }.map(SagaTimeline.init)
  }

  private func reading<Value>(
    _ body: (any OperatorDatabase) async throws -> Value
  ) async throws -> Value {
    do {
      let settings = try OutboxPlace.settings(file)
      return try await OutboxPlace(database: settings.database).reading(body)
    } catch let failure as CommandFailure {
      let text = ([failure.message] + failure.details).joined(separator: "; ")
      throw SagaRefusal.unusable(text)
    }
  }
}

extension SagaStatus {
  fileprivate init(_ saga: SagaSummary) {
    self.init(
      id: saga.id, saga: saga.saga, version: saga.version, state: State(saga.state),
      step: saga.step, direction: Direction(saga.direction),
      stepState: saga.stepState.map(StepState.init), attempts: saga.attempts,
      begunAt: saga.begunAt, endedAt: saga.endedAt, wakeAt: saga.wakeAt,
      orchestrator: saga.orchestrator, failure: saga.failure)
  }
}

extension SagaTimeline {
  fileprivate init(_ history: SagaHistory) {
    self.init(
      saga: SagaStatus(history.summary), deadline: history.deadline, arrivals: history.arrivals,
      steps: history.steps.map { step in
        Entry(
          step: step.step, direction: .init(step.direction), kind: .init(step.kind),
          state: .init(step.state), attempts: step.attempts, mayHaveRun: step.mayHaveRun,
          begunAt: step.begunAt, dueAt: step.dueAt, endedAt: step.endedAt, failure: step.failure,
          key: step.key)
      },
      decisions: history.decisions.map {
        Decision(at: $0.at, actor: $0.actor, order: $0.order, reason: $0.reason)
      })
  }
}

extension SagaStatus.State {
  fileprivate init(_ state: SagaListing.State) {
    self =
      switch state {
      case .running: .running
      case .compensating: .compensating
      case .stuck: .stuck
      case .completed: .completed
      case .compensated: .compensated
      }
  }
}

extension SagaStatus.Direction {
  fileprivate init(_ direction: SagaDirection) {
    self =
      switch direction {
      case .forward: .forward
      case .backward: .backward
      }
  }
}

extension SagaStatus.StepState {
  fileprivate init(_ state: SagaStepRecord.State) {
    self =
      switch state {
      case .running: .running
      case .waiting: .waiting
      case .done: .done
      case .failed: .failed
      case .unknown: .unknown
      case .stuck: .stuck
      }
  }
}

extension SagaTimeline.Entry.Kind {
  fileprivate init(_ kind: StepKind) {
    self =
      switch kind {
      case .compensatable: .compensatable
      case .pivot: .pivot
      case .retriable: .retriable
      }
  }
}
