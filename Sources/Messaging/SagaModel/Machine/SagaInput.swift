// SPDX-License-Identifier: Apache-2.0

/// What can happen to a saga.
public enum SagaInput: Sendable, Equatable {
  /// It was begun, taken over, or its time has come; no attempt of it is under way here.
  case woken
  /// Work is done, with the context that it left.
  case answered(SagaPlace, context: String)
  /// Work will not be done, and has changed nothing.
  case refused(SagaPlace, String)
  /// An attempt failed. Unless it may have run, it has changed nothing.
  case failed(SagaPlace, String, mayHaveRun: Bool)
  /// An operator decides.
  case ordered(SagaOrder)
}

/// What an operator can decide.
public enum SagaOrder: String, Sendable, Codable, CaseIterable {
  /// Try what is stuck, or waits for its next attempt, again at once, with all its attempts.
  case retry
  /// Give up before the pivot: undo what was done.
  case compensate
  /// What is stuck was done by hand.
  case resolveDone = "resolve-done"
  /// The step that is stuck has had no effect.
  case resolveUndone = "resolve-undone"
}

/// What follows from an input.
public enum SagaAction: Sendable, Equatable {
  /// Nothing has changed: it was late, doubled, or not for this saga.
  case none
  /// Carry out an attempt; where it is a command, send it and let the saga go.
  case attempt(SagaPlace, number: Int)
  /// Look again at `wakeAt`.
  case wait
  /// It waits for an operator.
  case park
  /// It has ended.
  case end
}
