// SPDX-License-Identifier: Apache-2.0
internal import SagaModel

/// What the saga commands write for people.
enum SagaText {
  static func list(_ sagas: [SagaSummary], now: Int64) -> String {
    if sagas.isEmpty { return "no saga is meant by that\n" }
    return sagas.map { saga in
      let age = span((saga.endedAt ?? now) - saga.begunAt)
      let lasted = saga.endedAt == nil ? "for \(age)" : "took \(age)"
      return "\(saga.id)  \(name(saga))  \(saga.state.rawValue)\(position(saga)), \(lasted)"
        + "\(reason(saga, indent: "  "))\n"
    }.joined()
  }

  static func history(_ saga: SagaHistory) -> String {
    let summary = saga.summary
    var lines = ["\(name(summary)) \(summary.id): \(summary.state.rawValue)\(position(summary))"]
    lines.append("  begun \(UnixTime.text(summary.begunAt))")
    if let ended = summary.endedAt {
      lines.append("  ended \(UnixTime.text(ended)), after \(span(ended - summary.begunAt))")
    } else {
      if let deadline = saga.deadline { lines.append("  goes back at \(UnixTime.text(deadline))") }
      if let wake = summary.wakeAt { lines.append("  looked at again \(UnixTime.text(wake))") }
      lines.append("  " + owner(summary))
    }
    if let failure = summary.failure { lines.append("  because: \(failure)") }
    if saga.arrivals > 0 { lines.append("  answers and decisions that wait: \(saga.arrivals)") }
    lines.append("  context: \(saga.context)")
    lines += saga.steps.map { entry(after: summary.begunAt, $0) }
    lines += saga.decisions.map { decision in
      "\(UnixTime.text(decision.at))  \(decision.actor): \(decision.order): \(decision.reason)"
    }
    if summary.state == .stuck {
      lines.append("decide with strangler saga retry, compensate or resolve")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func owner(_ saga: SagaSummary) -> String {
    if let owner = saga.orchestrator { return "orchestrator \(owner)" }
    return saga.state == .stuck
      ? "waits for an operator" : "waits for an orchestrator that has \(name(saga))"
  }

  private static func entry(after start: Int64, _ step: SagaHistory.Entry) -> String {
    let what = step.direction == .forward ? step.step : "undo \(step.step)"
    let attempts = step.attempts == 1 ? "" : ", attempt \(step.attempts)"
    let time = step.endedAt.map { ", \(span($0 - step.begunAt))" } ?? ""
    let failure = step.failure.map { ": \($0)" } ?? ""
    return "  +\(span(step.begunAt - start))  \(what)  \(step.state.rawValue)\(attempts)\(time)"
      + "  \(step.key)\(failure)"
  }

  private static func name(_ saga: SagaSummary) -> String { "\(saga.saga) v\(saga.version)" }

  private static func position(_ saga: SagaSummary) -> String {
    guard saga.endedAt == nil, let step = saga.step else { return "" }
    let state = saga.stepState.map { " (\($0.rawValue), attempt \(saga.attempts))" } ?? ""
    return " at \(saga.direction == .forward ? "" : "undo ")\(step)\(state)"
  }

  private static func reason(_ saga: SagaSummary, indent: String) -> String {
    guard let failure = saga.failure else { return "" }
    return "\n\(indent)\(saga.fingerprint ?? ""): \(failure)"
  }

  private static func span(_ milliseconds: Int64) -> String {
    milliseconds < 10_000
      ? "\(milliseconds) ms" : "\(milliseconds / 1_000) s"
  }
}
