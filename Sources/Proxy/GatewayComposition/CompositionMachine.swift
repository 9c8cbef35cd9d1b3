// SPDX-License-Identifier: Apache-2.0

/// One composed answer as decisions: which parts are out, who stands in, and when there is enough.
///
/// It asks every part at once. A part that fails is asked of its fallback, or is absent. The answer
/// is given when nothing is out any more, and given up as soon as a required part is absent, or
/// when nothing at all came.
package struct CompositionMachine: Sendable {
  /// What to do.
  package enum Step: Sendable, Equatable {
    /// Ask for a part, for so many milliseconds at most.
    case ask(part: Int, fallback: Bool, milliseconds: UInt64)
    /// Answer with what is there.
    case answer
    /// Give up, for this part failed. What is still out is of no use any more.
    case fail(part: Int, PartFailure)
  }

  /// Where a part stands.
  package enum State: Sendable, Equatable {
    /// Its upstream is asked.
    case asked
    /// Its fallback is asked.
    case fallbackAsked
    /// It is there.
    case there
    /// Its fallback is there in its place.
    case replaced
    /// It is not there, and nothing stands in for it.
    case absent
  }

  package private(set) var states: [State]
  /// Why parts failed, also where something stands in for them.
  package private(set) var failures: [PartFailure?]
  /// Nothing follows any more.
  package private(set) var isOver = false
  private let plan: CompositionPlan
  /// In milliseconds, of the clock that `now` is of.
  private let deadline: UInt64

  package init(_ plan: CompositionPlan, at now: UInt64) {
    self.plan = plan
    states = Array(repeating: .asked, count: plan.parts.count)
    failures = Array(repeating: nil, count: plan.parts.count)
    deadline = plan.deadline.map { now &+ Self.milliseconds($0) } ?? .max
  }

  /// The first questions.
  package func start(at now: UInt64) -> [Step] {
    plan.parts.indices.map { ask($0, fallback: false, now) }
  }

  /// A part came to something. What comes after the end, or twice, is of no use.
  package mutating func settle(
    _ part: Int, _ outcome: Result<Void, PartFailure>, at now: UInt64
  ) -> [Step] {
    if isOver || ![.asked, .fallbackAsked].contains(states[part]) { return [] }
    switch outcome {
    case .success: states[part] = states[part] == .asked ? .there : .replaced
    case .failure(let failure):
      if states[part] == .asked {
        failures[part] = failure
        if let step = standIn(for: part, now) { return [step] }
      } else {
        states[part] = .absent
      }
    }
    return finish(part)
  }

  /// Has somebody else asked; or nil, with the part's state as it is then.
  private mutating func standIn(for part: Int, _ now: UInt64) -> Step? {
    switch plan.parts[part].fallback {
    case nil: states[part] = .absent
    case .value: states[part] = .replaced
    case .upstream:
      if now < deadline {
        states[part] = .fallbackAsked
        return ask(part, fallback: true, now)
      }
      states[part] = .absent
    }
    return nil
  }

  private mutating func finish(_ part: Int) -> [Step] {
    if states[part] == .absent, plan.parts[part].isRequired {
      isOver = true
      return [.fail(part: part, failures[part] ?? .timeout)]
    }
    if states.contains(.asked) || states.contains(.fallbackAsked) { return [] }
    isOver = true
    // An answer without any part would look like one of somebody who has nothing.
    if states.allSatisfy({ $0 == .absent }) {
      return [.fail(part: 0, failures[0] ?? .timeout)]
    }
    return [.answer]
  }

  private func ask(_ part: Int, fallback: Bool, _ now: UInt64) -> Step {
    let left = deadline == .max ? UInt64.max : deadline &- min(now, deadline)
    let time = max(1, min(Self.milliseconds(plan.parts[part].timeout), left))
    return .ask(part: part, fallback: fallback, milliseconds: time)
  }

  private static func milliseconds(_ duration: Duration) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    let sum = seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
    return UInt64(clamping: sum)
  }
}
