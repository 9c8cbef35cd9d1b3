// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@testable import SagaModel

@Suite struct MachineTests {
  private var random = SeededGenerator(seed: 1)
  private let plan = SamplePlans.checkout
  private var machine = SagaMachine(
    SamplePlans.checkout, SamplePlans.record(SamplePlans.checkout))

  private func forward(_ position: Int) -> SagaPlace { SagaPlace(position, .forward) }
  private func backward(_ position: Int) -> SagaPlace { SagaPlace(position, .backward) }

  private mutating func handle(_ input: SagaInput, at now: Int64 = 1) -> SagaAction {
    machine.handle(input, now: now, using: &random)
  }

  /// Answers steps in order, beginning with the first.
  private mutating func done(_ count: Int) {
    _ = handle(.woken)
    for position in 0..<count { _ = handle(.answered(forward(position), context: "{}")) }
  }

  @Test mutating func aSagaWithoutFailuresIsCompleted() {
    #expect(handle(.woken) == .attempt(forward(0), number: 1))
    for position in 0..<3 {
      #expect(
        handle(.answered(forward(position), context: "{\"n\":\(position)}"))
          == .attempt(forward(position + 1), number: 1))
    }
    #expect(handle(.answered(forward(3), context: "{}")) == .end)
    #expect(machine.record.phase == .completed && machine.record.wakeAt == nil)
    #expect(machine.record.steps.allSatisfy { $0.state == .done && $0.attempts == 1 })
  }

  @Test mutating func aRefusedStepIsNotUndoneAndWhatWasDoneIsInReverseOrder() {
    done(2)
    #expect(handle(.refused(forward(2), "declined")) == .attempt(backward(1), number: 1))
    #expect(machine.record.failure == "declined")
    #expect(handle(.answered(backward(1), context: "{}")) == .attempt(backward(0), number: 1))
    #expect(handle(.answered(backward(0), context: "{}")) == .end)
    #expect(machine.record.phase == .compensated)
    #expect(machine.record[backward(2)] == nil)
  }

  @Test mutating func aStepWithoutAnAnswerIsUndone() {
    done(1)
    #expect(handle(.woken, at: 50) == .none)
    #expect(handle(.woken, at: 101) == .wait)
    let due = machine.record.wakeAt ?? 0
    #expect((106...111).contains(due))
    #expect(handle(.woken, at: due) == .attempt(forward(1), number: 2))
    #expect(handle(.woken, at: due + 100) == .attempt(backward(1), number: 1))
    #expect(machine.record[forward(1)]?.state == .unknown)
  }

  @Test mutating func lateAndDoubledAnswersChangeNothing() {
    done(2)
    let before = machine.record
    #expect(handle(.answered(forward(1), context: "late")) == .none)
    #expect(handle(.answered(forward(3), context: "early")) == .none)
    #expect(handle(.answered(backward(1), context: "never asked")) == .none)
    #expect(handle(.refused(forward(0), "late")) == .none)
    #expect(machine.record == before)
  }

  @Test mutating func anAnswerCountsWhileTheNextAttemptIsWaitedFor() {
    done(1)
    #expect(handle(.woken, at: 101) == .wait)
    #expect(handle(.answered(forward(1), context: "{}")) == .attempt(forward(2), number: 1))
  }

  @Test mutating func aWriteThatFailedHasNothingToUndo() {
    #expect(handle(.woken) == .attempt(forward(0), number: 1))
    #expect(handle(.failed(forward(0), "busy", mayHaveRun: false)) == .wait)
    #expect(handle(.woken, at: 30) == .attempt(forward(0), number: 2))
    #expect(handle(.failed(forward(0), "busy", mayHaveRun: false)) == .end)
    #expect(machine.record.phase == .compensated && machine.record.steps.count == 1)
  }

  @Test mutating func anUnknownPivotWithACompensationIsTakenBack() {
    done(2)
    for _ in 0..<2 {
      _ = handle(.failed(forward(2), "reset", mayHaveRun: true))
      _ = handle(.woken, at: machine.record.wakeAt ?? 0)
    }
    #expect(machine.record.place == backward(2))
    #expect(machine.record[forward(2)]?.state == .unknown)
  }

  @Test func anUnknownPivotWithoutOneWaitsForAnOperator() {
    var random = SeededGenerator(seed: 1)
    let plan = SamplePlans.plan(
      [
        SamplePlans.step("hold", .compensatable, .write, undo: .write),
        SamplePlans.step("pay", .pivot, .call),
      ], deadline: 50)
    var machine = SagaMachine(plan, SamplePlans.record(plan))
    func handle(_ input: SagaInput, _ now: Int64 = 1) -> SagaAction {
      machine.handle(input, now: now, using: &random)
    }
    let pay = SagaPlace(1, .forward)
    _ = handle(.woken)
    _ = handle(.answered(SagaPlace(0, .forward), context: "{}"))
    #expect(handle(.failed(pay, "reset", mayHaveRun: true)) == .wait)
    // The saga's time does not decide what nobody knows.
    #expect((machine.record.wakeAt ?? 0) < 50)
    #expect(handle(.woken, 60) == .attempt(pay, number: 2))
    #expect(handle(.failed(pay, "reset", mayHaveRun: true), 60) == .park)
    #expect(machine.record.phase == .stuck && !machine.allows(.compensate))
    #expect(machine.allows(.resolveUndone))
    #expect(handle(.ordered(.resolveUndone), 70) == .attempt(SagaPlace(0, .backward), number: 1))
  }

  @Test mutating func theTimeOfTheSagaEndsBeforeThePivotOnly() {
    done(1)
    #expect(machine.record.wakeAt == 101)
    #expect(handle(.answered(forward(1), context: "{}"), at: 9_950) != .none)
    // The next step could take longer than the saga may.
    #expect(machine.record.wakeAt == 10_000)
    #expect(handle(.answered(forward(2), context: "{}"), at: 10_001) != .none)
    #expect(machine.record.place == forward(3))
    #expect(handle(.woken, at: 20_000) == .wait)
  }

  @Test mutating func aStepThatMayBeginTooLateDoesNotBegin() {
    done(0)
    #expect(
      handle(.answered(forward(0), context: "{}"), at: 10_000)
        == .attempt(backward(0), number: 1))
    #expect(machine.record[forward(1)] == nil)
  }

  @Test mutating func whatHasToBeDoneIsParkedAndTriedAgainByAnOperator() {
    done(3)
    #expect(handle(.refused(forward(3), "full")) == .wait)
    #expect(handle(.woken, at: 50) == .attempt(forward(3), number: 2))
    #expect(handle(.refused(forward(3), "full")) == .park)
    #expect(machine.record.phase == .stuck && machine.record.failure == "full")
    #expect(machine.record.wakeAt == nil)
    #expect(handle(.woken, at: 99) == .none)
    #expect(!machine.allows(.compensate) && !machine.allows(.resolveUndone))
    #expect(handle(.ordered(.compensate)) == .none)
    #expect(handle(.ordered(.retry)) == .attempt(forward(3), number: 1))
    #expect(handle(.answered(forward(3), context: "{}")) == .end)
    #expect(machine.record.phase == .completed && machine.record.failure == nil)
  }

  @Test mutating func aLateAnswerEndsWhatIsStuck() {
    done(3)
    _ = handle(.refused(forward(3), "full"))
    _ = handle(.woken, at: 50)
    #expect(handle(.refused(forward(3), "full")) == .park)
    #expect(handle(.answered(forward(3), context: "{}")) == .end)
  }

  @Test mutating func anOperatorTakesTheStuckCompensationForDone() {
    done(2)
    _ = handle(.refused(forward(2), "declined"))
    for time in [1, 50] as [Int64] {
      _ = handle(.woken, at: time)
      _ = handle(.failed(backward(1), "down", mayHaveRun: true))
    }
    #expect(machine.record.phase == .stuck)
    #expect(handle(.ordered(.resolveDone)) == .attempt(backward(0), number: 1))
  }

  @Test mutating func anOperatorGivesUpWhatGoesOn() {
    done(1)
    #expect(machine.allows(.compensate))
    #expect(handle(.ordered(.compensate)) == .attempt(backward(1), number: 1))
    #expect(machine.record[forward(1)]?.state == .unknown)
    #expect(!machine.allows(.compensate))
  }

  @Test mutating func processesThatEndAreCountedByThemselves() {
    done(2)
    #expect(handle(.woken) == .attempt(forward(2), number: 1))
    #expect(machine.record[forward(2)]?.crashes == 1)
    #expect(machine.record[forward(2)]?.mayHaveRun == true)
    #expect(handle(.woken) == .attempt(backward(2), number: 1))
  }

  @Test mutating func aRefusalAfterAnUnknownAttemptSettlesIt() {
    done(2)
    _ = handle(.failed(forward(2), "reset", mayHaveRun: true))
    #expect(handle(.refused(forward(2), "declined")) == .attempt(backward(1), number: 1))
    #expect(machine.record[forward(2)]?.state == .failed)
  }
}
