// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@testable import SagaModel

/// Sagas of random plans among services that fail, answer late and twice, and processes that end,
/// held against what the services have really done.
@Suite struct ExplorationTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func noEffectIsLeftOrDoubled(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var ends: [SagaRecord.Phase: Int] = [:]
    for number in 0..<2_000 {
      var world = ServicesInDisorder(SamplePlans.random(using: &random), seed: random.next())
      let findings = world.run()
      #expect(findings.isEmpty, "seed \(seed), saga \(number): \(findings)\n\(world.story)")
      ends[world.machine.record.phase, default: 0] += 1
      if !findings.isEmpty { return }
    }
    #expect(ends[.completed, default: 0] > 200 && ends[.compensated, default: 0] > 200, "\(ends)")
  }
}

/// One saga and its services.
private struct ServicesInDisorder {
  private struct Message {
    let place: SagaPlace
    let isAnswer: Bool
    let isRefusal: Bool
  }

  private(set) var machine: SagaMachine
  private(set) var story: [String] = []
  private var random: SeededGenerator
  private var now: Int64 = 0
  /// What services have done, by key; they know their keys.
  private var effects: Set<SagaPlace> = []
  private var refused: Set<SagaPlace> = []
  private var undoneFirst: Set<Int> = []
  private var messages: [Message] = []
  private var atWork: SagaPlace?
  private var asked: Set<SagaPlace> = []
  private var findings: [String] = []

  init(_ plan: SagaPlan, seed: UInt64) {
    machine = SagaMachine(plan, SamplePlans.record(plan))
    random = SeededGenerator(seed: seed)
  }

  private var isOver: Bool {
    machine.record.phase == .completed || machine.record.phase == .compensated
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  mutating func run() -> [String] {
    for turn in 0..<400 where !isOver {
      // In the end everything works.
      disorder(turn < 60 ? 40 : 0)
    }
    if !isOver { findings.append("it does not end") }
    // What is still on its way arrives.
    while let message = messages.popLast() { deliver(message, 0) }
    judge()
    return findings
  }

  private mutating func disorder(_ trouble: Int) {
    now += Int64.random(in: 0...40, using: &random)
    if let place = atWork { return work(place, trouble) }
    if !messages.isEmpty, chance(60) {
      let index = Int.random(in: 0..<messages.count, using: &random)
      let message = messages[index]
      if !chance(trouble / 4) { messages.remove(at: index) }
      return deliver(message, trouble)
    }
    if machine.record.phase == .stuck { return feed(.ordered(.retry)) }
    if chance(trouble / 10) {
      return feed(.ordered(SagaOrder.allCases.randomElement(using: &random) ?? .retry))
    }
    feed(.woken)
  }

  /// Work in this process, which may end.
  private mutating func work(_ place: SagaPlace, _ trouble: Int) {
    atWork = nil
    let step = machine.plan.steps[place.position]
    let isWrite = step.plan(place.direction).manner == .write
    let dies = chance(trouble / 4)
    if chance(trouble / 3), isWrite || !effects.contains(place), canRefuse(place) {
      if !isWrite { refused.insert(place) }
      return feed(dies ? .woken : .refused(place, "no"))
    }
    if isWrite {
      if dies { return feed(.woken) }
      if chance(trouble) { return feed(.failed(place, "down", mayHaveRun: false)) }
      perform(place)
      return feed(.answered(place, context: "{}"))
    }
    let fails = chance(trouble)
    if !fails || chance(50) {
      guard perform(place) else { return feed(dies ? .woken : .refused(place, "too late")) }
    }
    if dies { return feed(.woken) }
    feed(fails ? .failed(place, "down", mayHaveRun: true) : .answered(place, context: "{}"))
  }

  /// What is refused for good stays refused.
  private func canRefuse(_ place: SagaPlace) -> Bool {
    place.direction == .backward || machine.plan.steps[place.position].kind != .retriable
      ? !effects.contains(place) : true
  }

  /// - Returns: false where it was refused or undone before.
  @discardableResult
  private mutating func perform(_ place: SagaPlace) -> Bool {
    let isObliged =
      place.direction == .backward || machine.plan.steps[place.position].kind == .retriable
    if place.direction == .forward {
      if !isObliged, refused.contains(place) { return false }
      if undoneFirst.contains(place.position) { return false }
      effects.insert(place)
      return true
    }
    if effects.contains(SagaPlace(place.position, .forward)) {
      effects.insert(place)
    } else {
      undoneFirst.insert(place.position)
    }
    return true
  }

  private mutating func deliver(_ message: Message, _ trouble: Int) {
    let place = message.place
    guard !message.isAnswer else {
      return feed(message.isRefusal ? .refused(place, "no") : .answered(place, context: "{}"))
    }
    if chance(trouble / 3), !effects.contains(place) { refused.insert(place) }
    let isDone = !(refused.contains(place) && chance(50) && canRefuse(place)) && perform(place)
    if !isDone { refused.insert(place) }
    for _ in 0..<(chance(trouble / 3) ? 2 : 1) where !chance(trouble / 2) {
      messages.append(Message(place: place, isAnswer: true, isRefusal: !isDone))
    }
  }

  private mutating func feed(_ input: SagaInput) {
    let action = machine.handle(input, now: now, using: &random)
    story.append("\(now) \(input) -> \(action)")
    guard case .attempt(let place, _) = action else { return }
    asked.insert(place)
    let forward = SagaPlace(place.position, .forward)
    if place.direction == .backward {
      let isWrite = machine.plan.steps[place.position].work.manner == .write
      if !asked.contains(forward) || isWrite && !effects.contains(forward) {
        findings.append("\(place) was begun although it cannot have run")
      }
      for later in asked where later.direction == .forward && later.position > place.position {
        let undo = SagaPlace(later.position, .backward)
        let isOpen =
          machine.plan.steps[later.position].compensation != nil
          && machine.record[later]?.mayHaveEffect == true && machine.record[undo]?.state != .done
        if isOpen { findings.append("\(place) was begun before \(undo) was done") }
      }
    }
    if machine.plan.steps[place.position].plan(place.direction).manner == .command {
      // A step and its compensation keep their order on their way.
      let overtaken = messages.filter { !$0.isAnswer && $0.place == forward }
      if place != forward, !overtaken.isEmpty {
        messages.removeAll { !$0.isAnswer && $0.place == forward }
        perform(forward)
      }
      messages.append(Message(place: place, isAnswer: false, isRefusal: false))
    } else {
      atWork = place
    }
  }

  private mutating func judge() {
    for (position, step) in machine.plan.steps.enumerated() {
      let isDone = effects.contains(SagaPlace(position, .forward))
      let isUndone = effects.contains(SagaPlace(position, .backward))
      switch machine.record.phase {
      case .completed:
        if isUndone || !isDone, !wasResolved { findings.append("\(step.name) is not done") }
      case .compensated:
        if step.kind == .retriable, isDone { findings.append("\(step.name) is done") }
        if step.compensation != nil, isDone, !isUndone, !wasResolved {
          findings.append("\(step.name) is left")
        }
        if step.kind == .pivot, isDone, !isUndone, !wasResolved {
          findings.append("the pivot is left")
        }
      case .active, .stuck: break
      }
    }
  }

  /// An operator has said what is not so.
  private var wasResolved: Bool {
    story.contains { $0.contains("resolve") && !$0.hasSuffix("none") }
  }
}
