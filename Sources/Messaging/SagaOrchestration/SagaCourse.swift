// SPDX-License-Identifier: Apache-2.0

import Foundation
import SagaModel
import Tracing
import TransactionalMessaging

/// What one saga comes to next: its definition's closures around the machine.
struct SagaCourse<Store: SagaStore>: Sendable {
  let script: SagaScript<Store>
  let tracing: SagaTracing?

  /// What has just happened to a saga.
  enum Event: Sendable {
    /// It was taken, its time has come, or something has come in.
    case woken
    /// A call has ended.
    case called(SagaPlace, Result<String, any Error>)
    /// Its next work is a write, which is carried out within the turn.
    case writing(SagaPlace)
  }

  /// The turn that an event leads to.
  func turn(_ open: OpenSaga, _ event: Event, clock: any MessagingClock) -> SagaTurn<Store> {
    let record = open.record
    var write: (body: Store.Write, call: SagaCall)?
    if case .writing(let place) = event, case .write(let body)? = script.work(place)?.body {
      var call = call(record, place)
      tracing?.beginStoring(&call)
      write = (body, call)
    }
    let written = write?.call
    return SagaTurn(record: record, write: write) { result in
      var inputs: [SagaInput] = []
      switch event {
      case .woken: break
      case .called(let place, let outcome): inputs = [Self.input(place, outcome, mayRun: true)]
      case .writing(let place):
        if let result { inputs = [Self.input(place, result, mayRun: false)] }
        if case .failure(let error)? = result, let written { tracing?.failed(written, error) }
      }
      return decide(open, inputs, now: clock.now())
    }
  }

  /// What work is told about an attempt.
  func call(_ record: SagaRecord, _ place: SagaPlace) -> SagaCall {
    SagaCall(
      saga: record.identity.name, sagaID: record.id, step: script.plan.steps[place.position].name,
      direction: place.direction, attempt: record[place]?.attempts ?? 1, trace: record.trace)
  }

  /// How long an attempt of a call may take: not longer than the saga where it can still go back.
  func limit(_ record: SagaRecord, _ place: SagaPlace, now: Int64) -> CallLimit {
    let due = record[place]?.dueAt ?? now
    let wake = record.wakeAt ?? due
    let within = script.plan.steps[place.position].plan(place.direction).policy.within
    return CallLimit(
      remaining: max(1, min(due, wake) - now),
      excess: CallTimedOut(
        description: wake < due
          ? "no answer in the time of the saga" : "no answer within \(within) ms"))
  }

  /// Whether anything would be stored.
  func hasSomethingToDo(_ open: OpenSaga, now: Int64) -> Bool {
    guard open.arrivals.isEmpty, open.record.phase == .active else { return true }
    return decide(open, [], now: now).action != .none
  }

  private static func input(
    _ place: SagaPlace, _ outcome: Result<String, any Error>, mayRun: Bool
  ) -> SagaInput {
    switch outcome {
    case .success(let context): .answered(place, context: context)
    case .failure(let refusal as SagaRefusal): .refused(place, refusal.description)
    case .failure(let error): .failed(place, "\(error)", mayHaveRun: mayRun)
    }
  }

  // MARK: - Deciding

  private func decide(_ open: OpenSaga, _ inputs: [SagaInput], now: Int64) -> SagaDecision {
    var random = SystemRandomNumberGenerator()
    var machine = SagaMachine(script.plan, open.record)
    var action = SagaAction.none
    var settled: [Int64] = []
    func feed(_ input: SagaInput) {
      let next = machine.handle(input, now: now, using: &random)
      if next != .none { action = next }
    }
    for input in inputs { feed(input) }
    // What begins here has not gone out yet: nothing that came in can be about it.
    for arrival in open.arrivals where !Self.isDecided(action) {
      if let input = input(arrival, machine) { feed(input) }
      settled.append(arrival.number)
    }
    if action == .none { feed(.woken) }
    return decision(machine, from: open.record, action, settled, now: now)
  }

  private static func isDecided(_ action: SagaAction) -> Bool {
    switch action {
    case .attempt, .end: true
    case .none, .wait, .park: false
    }
  }

  /// With the command where the action is one; what cannot be sent is a failed attempt.
  private func decision(
    _ machine: SagaMachine, from former: SagaRecord, _ action: SagaAction, _ settled: [Int64],
    now: Int64
  ) -> SagaDecision {
    guard case .attempt(let place, _) = action,
      case .command(let command)? = script.work(place)?.body
    else {
      return SagaDecision(from: former, to: machine.record, action: action, arrivals: settled)
    }
    let failed: @Sendable (any Error) -> SagaDecision = { error in
      var random = SystemRandomNumberGenerator()
      var machine = machine
      let next = machine.handle(
        .failed(place, "\(error)", mayHaveRun: false), now: now, using: &random)
      return decision(machine, from: former, next, settled, now: now)
    }
    do {
      let payload = try command.content(machine.record.context)
      var call = call(machine.record, place)
      tracing?.beginStoring(&call, .producer)
      let event = SagaCommand.event(
        call, script: command, payload: payload,
        isObliged: place.direction == .backward
          || script.plan.steps[place.position].kind == .retriable,
        id: UUID().uuidString.lowercased(), now: now)
      return SagaDecision(
        from: former, to: machine.record, action: action, arrivals: settled, command: event,
        refused: failed)
    } catch {
      return failed(error)
    }
  }

  /// Nil where an answer is late, doubled, or about no step of this saga.
  private func input(_ arrival: SagaArrival, _ machine: SagaMachine) -> SagaInput? {
    switch arrival.content {
    case .order(let order): return .ordered(order)
    case .answer(let name, let direction, let outcome):
      guard let position = script.plan.steps.firstIndex(where: { $0.name == name }) else {
        return nil
      }
      let place = SagaPlace(position, direction)
      guard machine.expects(place), case .command(let command)? = script.work(place)?.body else {
        return nil
      }
      switch outcome {
      case .refused(let reason): return .refused(place, reason)
      case .done(let payload):
        do {
          let text = String(decoding: payload, as: UTF8.self)
          return .answered(place, context: try command.answered(machine.record.context, text))
        } catch {
          return .failed(place, "its answer cannot be used: \(error)", mayHaveRun: true)
        }
      }
    }
  }
}
