// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@testable import SagaModel

/// Every state that a saga of a plan can reach, by every input that there is, sensible or not.
@Suite struct ExhaustiveTests {
  private static let plans = [
    SamplePlans.checkout,
    SamplePlans.plan(
      [
        SamplePlans.step("one", .compensatable, .call, undo: .command),
        SamplePlans.step("two", .compensatable, .write),
        SamplePlans.step("three", .pivot, .command), SamplePlans.step("four", .retriable, .write),
      ], deadline: 10_000),
  ]

  private static func inputs(_ plan: SagaPlan) -> [SagaInput] {
    let places = plan.steps.indices.flatMap { position in
      SagaDirection.allCases.map { SagaPlace(position, $0) }
    }
    return [.woken] + SagaOrder.allCases.map { .ordered($0) }
      + places.flatMap { place -> [SagaInput] in
        [
          .answered(place, context: "{}"), .refused(place, "no"),
          .failed(place, "down", mayHaveRun: false), .failed(place, "down", mayHaveRun: true),
        ]
      }
  }

  /// What tells states apart: no times, no texts, and of what is settled only how it ended.
  private static func state(_ record: SagaRecord) -> String {
    let steps = record.steps.map { step in
      let place = "\(step.place.position)\(step.place.direction.rawValue)"
      let open = "\(step.attempts)/\(step.crashes)\(step.mayHaveRun ? "?" : "")"
      return "\(place) \(step.state.rawValue)\(step.place == record.place ? " " + open : "")"
    }
    return "\(record.phase) \(record.place) \(steps.joined(separator: ", "))"
  }

  @Test(arguments: plans.indices) func everyReachableStateKeepsTheRules(_ index: Int) {
    let plan = Self.plans[index]
    var random = SeededGenerator(seed: 7)
    let start = SamplePlans.record(plan)
    var seen: Set<String> = [Self.state(start)]
    var queue = [start]
    var transitions = 0
    while let record = queue.popLast() {
      for input in Self.inputs(plan) {
        // In time, after each step's time, after the saga's.
        for now in [1, 5_000, 50_000] as [Int64] {
          var machine = SagaMachine(plan, record)
          let action = machine.handle(input, now: now, using: &random)
          transitions += 1
          Self.check(plan, record, machine.record, action, input)
          var next = machine.record
          Self.forgetTimes(&next)
          if seen.insert(Self.state(next)).inserted { queue.append(next) }
        }
      }
    }
    #expect(seen.count > 100, "\(seen.count) states by \(transitions) transitions")
    for phase in SagaRecord.Phase.allCases {
      #expect(seen.contains { $0.hasPrefix("\(phase) ") }, "no saga is \(phase)")
    }
  }

  /// So that what is due is due at the first time that is tried.
  private static func forgetTimes(_ record: inout SagaRecord) {
    if record.wakeAt != nil { record.wakeAt = 1 }
    for index in record.steps.indices where record.steps[index].dueAt != nil {
      record.steps[index].dueAt = record.steps[index].state == .waiting ? 1 : 1_000
    }
  }

  private static func check(
    _ plan: SagaPlan, _ old: SagaRecord, _ new: SagaRecord, _ action: SagaAction,
    _ input: SagaInput
  ) {
    let text = "\(input): \(state(old)) -> \(action) \(state(new))"
    #expect((new.wakeAt != nil) == (new.phase == .active), "\(text)")
    if old.phase == .completed || old.phase == .compensated {
      #expect(new == old && action == .none, "\(text)")
    }
    for step in new.steps where step.place.direction == .backward {
      let forward = new[SagaPlace(step.place.position, .forward)]
      #expect(forward?.mayHaveEffect == true, "\(text)")
      #expect(forward?.kind != .retriable, "\(text)")
    }
    let undone = new.steps.filter { $0.place.direction == .backward }.map(\.place.position)
    #expect(undone == undone.sorted(by: >), "\(text)")
    let pivotIsDone = new.steps.contains {
      $0.kind == .pivot && $0.place.direction == .forward && $0.state == .done
    }
    if pivotIsDone { #expect(new.place.direction == .forward, "\(text)") }
    if case .attempt(let place, _) = action {
      #expect(place == new.place && new[place]?.state == .running, "\(text)")
    }
    if new.phase == .completed {
      #expect(new.steps.count == plan.steps.count, "\(text)")
      #expect(new.steps.allSatisfy { $0.state == .done }, "\(text)")
    }
    guard new.phase == .compensated else { return }
    for step in new.steps where step.place.direction == .forward && step.mayHaveEffect {
      guard plan.steps[step.place.position].compensation != nil else { continue }
      #expect(new[SagaPlace(step.place.position, .backward)]?.state == .done, "\(text)")
    }
  }
}
