// SPDX-License-Identifier: Apache-2.0

/// What a service does with a command, given what it has answered for the same step before.
///
/// Commands come again, and a compensation may come for a command that never came, or before it
/// does.
package enum ParticipantDecision: Sendable, Equatable {
  /// Do it, and remember the answer.
  case carryOut
  /// Without effect: there is nothing to undo, or it was undone before it came.
  case answer(SagaAnswer.Outcome)
  /// It was answered before.
  case repeated(SagaAnswer.Outcome)

  /// - Parameter answers: remembered ones of the step, by direction.
  package static func decide(
    _ command: SagaCommand, _ answers: [SagaDirection: SagaAnswer.Outcome]
  ) -> ParticipantDecision {
    if let answer = answers[command.call.direction] { return .repeated(answer) }
    switch command.call.direction {
    case .forward:
      return answers[.backward] == nil
        ? .carryOut : .answer(.refused("it was undone before it came"))
    case .backward:
      if case .done? = answers[.forward] { return .carryOut }
      return .answer(.done([]))
    }
  }
}

extension SagaCommand {
  /// Whether an answer is given again to the same command. A refusal is, unless the saga asks until
  /// it is done.
  package func remembers(_ answer: SagaAnswer.Outcome) -> Bool {
    if case .refused = answer { return !isObliged }
    return true
  }
}
