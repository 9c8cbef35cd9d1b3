// SPDX-License-Identifier: Apache-2.0

/// How far a playbook is: what the marks of its shell, its end and the clock say of each step.
package struct PlaybookProgress: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    /// It was not reached.
    case waiting
    case running
    case done(Duration)
    case failed(Failure)
  }

  /// Why a step did not come to its end.
  package struct Failure: Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
      /// A command ended so.
      case status(Int)
      /// The shell was ended by that signal.
      case signal(Int)
      /// It took longer than that.
      case time(Duration)
      /// Somebody interrupted it.
      case interruption
    }

    package var step: Int
    /// The line of the command, or that in which the step begins.
    package var line: Int
    /// Nil where the shell did not tell.
    package var command: String?
    package var cause: Cause

    package init(step: Int, line: Int, command: String?, cause: Cause) {
      self.step = step
      self.line = line
      self.command = command
      self.cause = cause
    }
  }

  /// What to show next.
  package enum Action: Sendable, Equatable {
    case announce(step: Int)
    case finish(step: Int, Duration)
  }

  package let playbook: Playbook
  package private(set) var outcomes: [Outcome]
  /// Of the step that runs.
  private var begun = Duration.zero
  private var trouble: (line: Int, status: Int, command: String)?

  package init(_ playbook: Playbook) {
    self.playbook = playbook
    outcomes = playbook.steps.map { _ in .waiting }
  }

  /// The number of the step that runs.
  package var current: Int? { outcomes.firstIndex(of: .running).map { $0 + 1 } }

  /// The first failure; nil while there is none.
  package var failure: Failure? {
    for case .failed(let failure) in outcomes { return failure }
    return nil
  }

  package var isDone: Bool {
    outcomes.allSatisfy { if case .done = $0 { true } else { false } }
  }

  /// - Parameter now: since any fixed moment.
  package mutating func take(_ mark: PlaybookStream.Mark, now: Duration) -> Action? {
    switch mark {
    case .begun(let step):
      guard outcomes.indices.contains(step - 1) else { return nil }
      outcomes[step - 1] = .running
      begun = now
      trouble = nil
      return .announce(step: step)
    case .done(let step):
      guard current == step else { return nil }
      outcomes[step - 1] = .done(now - begun)
      return .finish(step: step, now - begun)
    case .failed(let line, let status, let command):
      // The last one ends the shell: a command within another may fail and be asked about.
      trouble = (line, status, command)
      return nil
    case .ending: return nil
    }
  }

  /// The shell has ended with a code, or by a signal.
  package mutating func end(code: Int?, signal: Int?) {
    guard !isDone else { return }
    fail(signal.map { .signal($0) } ?? .status(code ?? 0))
  }

  /// The step that runs is given up.
  package mutating func fail(_ cause: Failure.Cause) {
    guard failure == nil, let step = current ?? next else { return }
    let begin = playbook.steps[step - 1].lines.lowerBound
    var failure = Failure(step: step, line: begin, command: nil, cause: cause)
    if case .status = cause, let trouble {
      (failure.line, failure.command) = (trouble.line, trouble.command)
    }
    outcomes[step - 1] = .failed(failure)
  }

  private var next: Int? { outcomes.firstIndex(of: .waiting).map { $0 + 1 } }

  package static func == (left: Self, right: Self) -> Bool {
    left.playbook == right.playbook && left.outcomes == right.outcomes
  }
}
