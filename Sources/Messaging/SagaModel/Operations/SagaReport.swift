// SPDX-License-Identifier: Apache-2.0

/// A saga as operators list it.
package struct SagaSummary: Sendable, Equatable, Encodable {
  package var id: String
  /// The definition, such as `checkout`.
  package var saga: String
  package var version: Int
  /// `running`, `compensating`, `stuck`, `completed` or `compensated`.
  package var state: SagaListing.State
  /// The step that it is at, where one was begun.
  package var step: String?
  /// `do` or `undo`.
  package var direction: SagaDirection
  /// What became of that step.
  package var stepState: SagaStepRecord.State?
  /// Attempts of that step.
  package var attempts: Int
  /// Milliseconds since 1970.
  package var begunAt: Int64
  package var endedAt: Int64?
  package var wakeAt: Int64?
  /// The orchestrator that it belongs to; nil where it waits for one, or for an operator.
  package var orchestrator: String?
  /// Why it goes back, or is stuck.
  package var failure: String?
  /// Equal for failures of the same kind.
  package var fingerprint: String?
}

/// Which sagas are listed.
package struct SagaListing: Sendable, Equatable {
  /// Where sagas are, as operators say it.
  package enum State: String, Sendable, Encodable, CaseIterable {
    case running, compensating, stuck, completed, compensated
  }

  package var saga: String?
  package var fingerprint: String?
  package var states: Set<State>
  package var limit: Int

  package init(
    saga: String? = nil, fingerprint: String? = nil, states: Set<State> = [], limit: Int = 100
  ) {
    self.saga = saga
    self.fingerprint = fingerprint
    self.states = states
    self.limit = limit
  }
}

/// A saga with all that is known of it.
package struct SagaHistory: Sendable, Equatable, Encodable {
  /// A step or a compensation in the order in which they began.
  package struct Entry: Sendable, Equatable, Encodable {
    package var step: String
    package var direction: SagaDirection
    package var kind: StepKind
    package var state: SagaStepRecord.State
    package var attempts: Int
    package var mayHaveRun: Bool
    package var begunAt: Int64
    package var dueAt: Int64?
    package var endedAt: Int64?
    package var failure: String?
    /// The idempotency key.
    package var key: String
  }

  /// What an operator decided.
  package struct Decision: Sendable, Equatable, Encodable {
    package var at: Int64
    package var actor: String
    package var order: String
    package var reason: String
  }

  package var summary: SagaSummary
  /// JSON.
  package var context: String
  package var deadline: Int64?
  /// Counts what was stored.
  package var revision: Int64
  package var steps: [Entry]
  package var decisions: [Decision]
  /// What has come in and waits for an orchestrator.
  package var arrivals: Int
}

/// Whether an order makes sense, judged by what is stored: its orchestrator has the last word.
package enum SagaOrderCheck {
  /// Nil where it does; else why not, and what to do instead.
  package static func objection(to order: SagaOrder, _ saga: SagaHistory) -> String? {
    let summary = saga.summary
    let step = summary.step ?? "its first step"
    if summary.state == .completed || summary.state == .compensated {
      return "saga \(summary.id) is \(summary.state.rawValue): nothing can be changed"
    }
    let current = saga.steps.last { $0.step == summary.step && $0.direction == summary.direction }
    let isStuck = summary.state == .stuck
    switch order {
    case .retry:
      guard !isStuck, current?.state != .waiting else { return nil }
      return "saga \(summary.id) is not stuck: \(step) goes on by itself"
    case .compensate:
      if summary.direction == .backward { return "saga \(summary.id) goes back already" }
      let isPast = saga.steps.contains {
        $0.kind == .retriable || $0.kind == .pivot && $0.state == .done
      }
      if isPast {
        return """
          saga \(summary.id) is past its pivot and goes forward only: retry \(step), or resolve it
          """
      }
      guard isStuck else { return nil }
      return "nobody knows whether \(step) has run: find out, and resolve it as done or undone"
    case .resolveDone:
      return isStuck ? nil : "saga \(summary.id) is not stuck: \(step) goes on by itself"
    case .resolveUndone:
      guard isStuck else { return "saga \(summary.id) is not stuck: \(step) goes on by itself" }
      guard summary.direction == .forward, current?.kind != .retriable else {
        return
          "\(step) has to be done in the end: retry it, or do it by hand and resolve it as done"
      }
      return nil
    }
  }
}
