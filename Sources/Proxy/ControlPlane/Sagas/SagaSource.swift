// SPDX-License-Identifier: Apache-2.0

/// What tells of sagas, as far as the admin API is asked. The program that runs the proxy hands it
/// over: the API itself knows no stores, so a proxy needs no client of any. It decides nothing:
/// `strangler saga retry`, `compensate` and `resolve` do, which check what makes sense.
package protocol SagaSource: Sendable {
  /// Sagas, those that began last first.
  ///
  /// - Throws: `SagaRefusal`, as both do.
  func sagas(_ question: SagaQuestion) async throws -> [SagaStatus]

  /// One saga with what became of its steps; nil where there is none of this id.
  func timeline(of id: String) async throws -> SagaTimeline?
}

/// Which sagas are asked for.
package struct SagaQuestion: Sendable, Equatable {
  /// Sagas of an answer at most, and unless asked for fewer.
  package static let limits = 1...1_000
  package static let usualLimit = 100

  /// nil for all.
  package var state: SagaStatus.State?
  /// The definition's name; nil for all.
  package var saga: String?
  package var limit: Int

  package init(
    state: SagaStatus.State? = nil, saga: String? = nil, limit: Int = usualLimit
  ) {
    (self.state, self.saga, self.limit) = (state, saga, limit)
  }
}

/// Why nothing is told about sagas.
package enum SagaRefusal: Error, Sendable, Equatable {
  /// The configuration or the store cannot be used now; a sentence.
  case unusable(String)
}

/// A saga as operators list it. Its context is not part of it: that may hold what customers said,
/// and `strangler saga show` has it.
package struct SagaStatus: Sendable, Equatable, Encodable {
  /// Where sagas are, as operators say it.
  package enum State: String, Sendable, Encodable, CaseIterable {
    case running, compensating, stuck, completed, compensated
  }

  /// What a saga does with a step.
  package enum Direction: String, Sendable, Encodable, CaseIterable {
    case forward = "do"
    case backward = "undo"
  }

  /// What became of a step.
  package enum StepState: String, Sendable, Encodable, CaseIterable {
    case running, waiting, done, failed, unknown, stuck
  }

  package var id: String
  /// The definition.
  package var saga: String
  package var version: Int
  package var state: State
  /// The step that it is at, what is done with it, what became of that, and how often it was tried;
  /// nil before the first.
  package var step: String?
  package var direction: Direction
  package var stepState: StepState?
  package var attempts: Int
  package var begunAt: String
  package var endedAt: String?
  /// When it is looked at again where nothing happens.
  package var wakeAt: String?
  /// nil where it waits for one, or for an operator.
  package var orchestrator: String?
  /// Why it goes back, or is stuck.
  package var failure: String?

  /// Times are milliseconds since 1970.
  package init(
    id: String, saga: String, version: Int, state: State, step: String?, direction: Direction,
    stepState: StepState?, attempts: Int, begunAt: Int64, endedAt: Int64?, wakeAt: Int64?,
    orchestrator: String?, failure: String?
  ) {
    self.id = id
    self.saga = saga
    self.version = version
    self.state = state
    self.step = step
    self.direction = direction
    self.stepState = stepState
    self.attempts = attempts
    self.begunAt = Timestamp.text(begunAt)
    self.endedAt = endedAt.map(Timestamp.text)
    self.wakeAt = wakeAt.map(Timestamp.text)
    self.orchestrator = orchestrator
    self.failure = failure
  }
}

/// A saga with what became of its steps.
package struct SagaTimeline: Sendable, Equatable, Encodable {
  /// A step, or its compensation, in the order in which they began.
  package struct Entry: Sendable, Equatable, Encodable {
    /// What a step is in its saga.
    package enum Kind: String, Sendable, Encodable, CaseIterable {
      case compensatable, pivot, retriable
    }

    package var step: String
    package var direction: SagaStatus.Direction
    package var kind: Kind
    package var state: SagaStatus.StepState
    package var attempts: Int
    /// An attempt ended of which it is not known what it did.
    package var mayHaveRun: Bool
    package var begunAt: String
    /// When the attempt is given up, or when the next one begins.
    package var dueAt: String?
    package var endedAt: String?
    package var failure: String?
    /// The idempotency key, under which its service knows it.
    package var key: String

    /// Times are milliseconds since 1970.
    package init(
      step: String, direction: SagaStatus.Direction, kind: Kind, state: SagaStatus.StepState,
      attempts: Int, mayHaveRun: Bool, begunAt: Int64, dueAt: Int64?, endedAt: Int64?,
      failure: String?, key: String
    ) {
      self.step = step
      self.direction = direction
      self.kind = kind
      self.state = state
      self.attempts = attempts
      self.mayHaveRun = mayHaveRun
      self.begunAt = Timestamp.text(begunAt)
      self.dueAt = dueAt.map(Timestamp.text)
      self.endedAt = endedAt.map(Timestamp.text)
      self.failure = failure
      self.key = key
    }
  }

  /// What an operator decided.
  package struct Decision: Sendable, Equatable, Encodable {
    package var at: String
    package var actor: String
    package var order: String
    package var reason: String

    /// Milliseconds since 1970.
    package init(at: Int64, actor: String, order: String, reason: String) {
      self.at = Timestamp.text(at)
      (self.actor, self.order, self.reason) = (actor, order, reason)
    }
  }

  package var saga: SagaStatus
  /// When it goes back where its pivot is not done.
  package var deadline: String?
  /// Answers and decisions that have come and wait for an orchestrator.
  package var arrivals: Int
  package var steps: [Entry]
  package var decisions: [Decision]

  /// - Parameter deadline: milliseconds since 1970.
  package init(
    saga: SagaStatus, deadline: Int64?, arrivals: Int, steps: [Entry], decisions: [Decision]
  ) {
    self.saga = saga
    self.deadline = deadline.map(Timestamp.text)
    self.arrivals = arrivals
    self.steps = steps
    self.decisions = decisions
  }
}
