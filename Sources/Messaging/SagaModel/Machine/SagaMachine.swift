// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// How one saga goes on: each input gives one action and a changed record.
///
/// Before the pivot is done a saga can go back. Then what may have had an effect is undone, the
/// last first; what cannot have run is not. After the pivot, and on the way back, each piece of
/// work is tried until it is done or an operator has to decide.
public struct SagaMachine: Sendable {
  /// The definition that the saga was begun with.
  public let plan: SagaPlan
  /// Where it stands.
  public private(set) var record: SagaRecord

  /// Goes on with a saga.
  public init(_ plan: SagaPlan, _ record: SagaRecord) {
    self.plan = plan
    self.record = record
  }

  private var here: StepPlan { plan.steps[record.place.position] }
  private var work: WorkPlan { here.plan(record.place.direction) }

  /// Whether an answer for a place would change anything.
  public func expects(_ place: SagaPlace) -> Bool {
    guard record.phase == .active || record.phase == .stuck, place == record.place else {
      return false
    }
    return switch record[place]?.state {
    case .running, .waiting, .stuck: true
    case .done, .failed, .unknown, nil: false
    }
  }

  /// Goes on.
  ///
  /// - Parameters:
  ///   - input: what happened.
  ///   - now: milliseconds since 1970.
  ///   - random: gives the jitter of waits.
  public mutating func handle(
    _ input: SagaInput, now: Int64, using random: inout some RandomNumberGenerator
  ) -> SagaAction {
    switch input {
    case .woken:
      return record.phase == .active ? wake(now, &random) : .none
    case .answered(let place, let context):
      guard expects(place) else { return .none }
      record.context = context
      return finish(now)
    case .refused(let place, let reason):
      guard expects(place) else { return .none }
      if place.direction == .backward || here.kind == .retriable {
        return fail(reason, mayHaveRun: false, now, &random)
      }
      // Whoever refuses a key has not done it, whatever earlier attempts came to.
      change { $0.mayHaveRun = false }
      return giveUp(reason, now)
    case .failed(let place, let reason, let mayHaveRun):
      guard expects(place), record.phase == .active else { return .none }
      return fail(reason, mayHaveRun: mayHaveRun, now, &random)
    case .ordered(let order):
      return carryOut(order, now)
    }
  }

  // MARK: - Going on

  private mutating func wake(
    _ now: Int64, _ random: inout some RandomNumberGenerator
  ) -> SagaAction {
    guard let step = record[record.place] else {
      return isTooLate(now) ? turnBack("the time of the saga is over", now) : attempt(now)
    }
    switch step.state {
    case .waiting:
      if isTooLate(now), canTurnBack { return giveUp("the time of the saga is over", now) }
      return step.dueAt ?? 0 <= now ? attempt(now) : .none
    case .running where work.manner == .command:
      if isTooLate(now), !here.mustBeKnown {
        return fail("no answer in the time of the saga", mayHaveRun: true, now, &random)
      }
      if let due = step.dueAt, due > now { return .none }
      let limit = work.policy.within
      return fail("no answer within \(limit) ms", mayHaveRun: true, now, &random)
    case .running:
      return crashed(now)
    case .done, .failed, .unknown, .stuck:
      return .none
    }
  }

  /// The attempt under way ended with its process. A write left nothing behind; of anything else
  /// nobody knows, so that it is asked again under its key.
  private mutating func crashed(_ now: Int64) -> SagaAction {
    let mayHaveRun = work.manner == .call
    change { step in
      step.crashes += 1
      step.attempts -= 1
      if mayHaveRun { step.mayHaveRun = true }
    }
    if isTooLate(now), canTurnBack { return giveUp("the time of the saga is over", now) }
    let crashes = record[record.place]?.crashes ?? 0
    guard crashes < work.policy.crashes else {
      return giveUp("\(crashes) attempts in a row ended with their process", now)
    }
    return attempt(now)
  }

  private mutating func attempt(_ now: Int64) -> SagaAction {
    let place = record.place
    if record[place] == nil {
      record.steps.append(
        SagaStepRecord(place: place, name: here.name, kind: here.kind, begunAt: now))
    }
    let due = now + work.policy.within
    change { step in
      step.state = .running
      step.attempts += 1
      step.dueAt = due
      step.endedAt = nil
    }
    record.phase = .active
    record.wakeAt = wakingTime(due, now)
    return .attempt(place, number: record[place]?.attempts ?? 1)
  }

  private mutating func finish(_ now: Int64) -> SagaAction {
    settle(.done, now)
    return leave(now)
  }

  /// Goes from a place where everything is settled to the next.
  private mutating func leave(_ now: Int64) -> SagaAction {
    record.phase = .active
    guard record.place.direction == .forward else {
      return undo(before: record.place.position, now)
    }
    record.failure = nil
    let next = record.place.position + 1
    guard next < plan.steps.count else { return end(.completed, now) }
    record.place.position = next
    if isTooLate(now) { return turnBack("the time of the saga is over", now) }
    return attempt(now)
  }

  private mutating func end(_ phase: SagaRecord.Phase, _ now: Int64) -> SagaAction {
    record.phase = phase
    record.wakeAt = nil
    record.endedAt = now
    return .end
  }

  // MARK: - Failures

  private mutating func fail(
    _ reason: String, mayHaveRun: Bool, _ now: Int64, _ random: inout some RandomNumberGenerator
  ) -> SagaAction {
    change { step in
      step.failure = FailureFingerprint.bounded(reason)
      step.crashes = 0
      if mayHaveRun { step.mayHaveRun = true }
    }
    if record.phase == .stuck { return .none }
    let attempts = record[record.place]?.attempts ?? 0
    guard attempts < work.policy.attempts else { return giveUp(reason, now) }
    let due = now + work.policy.backoff.delay(afterAttempt: max(1, attempts), using: &random)
    if isTooLate(due), canTurnBack { return giveUp(reason, now) }
    change { step in
      step.state = .waiting
      step.dueAt = due
    }
    record.wakeAt = wakingTime(due, now)
    return .wait
  }

  /// No further attempt is made of what is at hand.
  private mutating func giveUp(_ reason: String, _ now: Int64) -> SagaAction {
    let reason = FailureFingerprint.bounded(reason)
    change { $0.failure = reason }
    guard canTurnBack else {
      change { step in
        step.state = .stuck
        step.dueAt = nil
      }
      record.phase = .stuck
      record.failure = reason
      record.wakeAt = nil
      return .park
    }
    settle(record[record.place]?.mayHaveRun == true ? .unknown : .failed, now)
    return turnBack(reason, now)
  }

  private mutating func turnBack(_ reason: String, _ now: Int64) -> SagaAction {
    record.phase = .active
    record.failure = reason
    return undo(before: record.place.position + 1, now)
  }

  /// Begins the last compensation before a position that has something to undo.
  private mutating func undo(before position: Int, _ now: Int64) -> SagaAction {
    record.place.direction = .backward
    let last = plan.steps[..<position].lastIndex { plan in
      guard plan.compensation != nil else { return false }
      return record.steps.contains {
        $0.name == plan.name && $0.place.direction == .forward && $0.mayHaveEffect
      }
    }
    guard let last else { return end(.compensated, now) }
    record.place.position = last
    return attempt(now)
  }

  /// Whether the saga can still go back from where it is: not after the pivot, nor on the way back,
  /// nor while a pivot that nothing takes back may have been done.
  private var canTurnBack: Bool {
    guard record.place.direction == .forward, here.kind != .retriable else { return false }
    return !(here.mustBeKnown && record[record.place]?.mayHaveRun == true)
  }

  private func isTooLate(_ time: Int64) -> Bool {
    guard let deadline = record.deadline, time >= deadline else { return false }
    return record.place.direction == .forward && here.kind != .retriable
  }

  /// The saga's deadline wakes it where it can still go back then.
  private func wakingTime(_ due: Int64, _ now: Int64) -> Int64 {
    guard let deadline = record.deadline, now < deadline, isTooLate(deadline) else { return due }
    if here.mustBeKnown, let step = record[record.place], step.state == .running || step.mayHaveRun
    {
      return due
    }
    return min(due, deadline)
  }

  // MARK: - Operators

  /// Whether an order makes sense where the saga is.
  public func allows(_ order: SagaOrder) -> Bool {
    let step = record[record.place]
    let isForward = record.place.direction == .forward
    switch order {
    case .retry:
      return record.phase == .stuck || record.phase == .active && step?.state == .waiting
    case .resolveDone:
      return record.phase == .stuck
    case .resolveUndone:
      return record.phase == .stuck && isForward && here.kind != .retriable
    case .compensate:
      guard record.phase == .active || record.phase == .stuck else { return false }
      guard isForward, here.kind != .retriable else { return false }
      // What runs in some process right now is not given up behind its back.
      if step?.state == .running { return work.manner == .command && !here.mustBeKnown }
      return canTurnBack
    }
  }

  private mutating func carryOut(_ order: SagaOrder, _ now: Int64) -> SagaAction {
    guard allows(order) else { return .none }
    switch order {
    case .retry:
      change { step in
        step.attempts = 0
        step.crashes = 0
      }
      return attempt(now)
    case .resolveDone:
      return finish(now)
    case .resolveUndone:
      settle(.failed, now)
      return turnBack("an operator gave it up", now)
    case .compensate:
      if record[record.place]?.state == .running { change { $0.mayHaveRun = true } }
      return giveUp("an operator gave it up", now)
    }
  }

  // MARK: - The step at hand

  private mutating func change(_ body: (inout SagaStepRecord) -> Void) {
    guard let index = record.steps.firstIndex(where: { $0.place == record.place }) else { return }
    body(&record.steps[index])
  }

  private mutating func settle(_ state: SagaStepRecord.State, _ now: Int64) {
    change { step in
      step.state = state
      step.dueAt = nil
      step.endedAt = now
      step.crashes = 0
    }
  }
}
