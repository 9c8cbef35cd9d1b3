// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayComposition

@Suite("A composition as decisions") struct CompositionMachineTests {
  private static var path: PartPath { get throws { try PartPath(parsing: "/x") } }

  private static func part(
    _ name: String, required: Bool = false, timeout: Int = 1000,
    fallback: CompositionPart.Fallback? = nil
  ) throws -> CompositionPart {
    try CompositionPart(
      name: name, upstream: name, path: path, isRequired: required,
      timeout: .milliseconds(timeout), fallback: fallback)
  }

  private static var elsewhere: CompositionPart.Fallback {
    get throws { .upstream("other", path: try path) }
  }

  @Test("All parts are asked at once, and the last one brings the answer")
  func wholeAnswer() throws {
    var machine = CompositionMachine(
      try CompositionPlan(parts: [Self.part("a"), Self.part("b", timeout: 20)]), at: 100)
    #expect(
      machine.start(at: 100) == [
        .ask(part: 0, fallback: false, milliseconds: 1000),
        .ask(part: 1, fallback: false, milliseconds: 20),
      ])
    #expect(machine.settle(1, .success(()), at: 101) == [])
    #expect(machine.settle(0, .success(()), at: 102) == [.answer])
    #expect(machine.isOver)
    #expect(machine.settle(0, .failure(.timeout), at: 103) == [])
    #expect(machine.failures == [nil, nil])
  }

  @Test("An optional part that fails is absent; a required one ends it at once")
  func failures() throws {
    let plan = try CompositionPlan(parts: [Self.part("a", required: true), Self.part("b")])
    var machine = CompositionMachine(plan, at: 0)
    #expect(machine.settle(1, .failure(.status(500)), at: 1) == [])
    #expect(machine.settle(0, .success(()), at: 2) == [.answer])
    #expect(machine.states == [.there, .absent])
    #expect(machine.failures == [nil, .status(500)])
    var other = CompositionMachine(plan, at: 0)
    #expect(other.settle(0, .failure(.tooLarge), at: 1) == [.fail(part: 0, .tooLarge)])
    #expect(other.settle(1, .success(()), at: 2) == [])
  }

  @Test("Something stands in, from the file or from elsewhere")
  func fallbacks() throws {
    var machine = CompositionMachine(
      try CompositionPlan(parts: [
        Self.part("a", required: true, fallback: .value("[]")),
        Self.part("b", required: true, timeout: 50, fallback: Self.elsewhere),
      ]), at: 0)
    #expect(machine.settle(0, .failure(.notJSON), at: 1) == [])
    #expect(
      machine.settle(1, .failure(.timeout), at: 50)
        == [.ask(part: 1, fallback: true, milliseconds: 50)])
    #expect(machine.settle(1, .success(()), at: 60) == [.answer])
    #expect(machine.states == [.replaced, .replaced])
    #expect(machine.failures == [.notJSON, .timeout])
  }

  @Test("The deadline of all bounds each, and leaves no time to ask elsewhere")
  func deadline() throws {
    var machine = CompositionMachine(
      try CompositionPlan(
        parts: [Self.part("a", fallback: Self.elsewhere), Self.part("b", timeout: 10)],
        deadline: .milliseconds(80)), at: 1000)
    #expect(
      machine.start(at: 1000) == [
        .ask(part: 0, fallback: false, milliseconds: 80),
        .ask(part: 1, fallback: false, milliseconds: 10),
      ])
    #expect(machine.settle(1, .success(()), at: 1005) == [])
    #expect(machine.settle(0, .failure(.timeout), at: 1080) == [.answer])
    #expect(machine.states[0] == .absent)
  }

  @Test("Where nothing came there is no answer")
  func nothing() throws {
    var machine = CompositionMachine(
      try CompositionPlan(parts: [Self.part("a"), Self.part("b")]), at: 0)
    #expect(machine.settle(0, .failure(.timeout), at: 1) == [])
    #expect(machine.settle(1, .failure(.notJSON), at: 1) == [.fail(part: 0, .timeout)])
  }

  /// Events in any order, twice and too late: what may be promised holds in each of 20,000 runs.
  @Test("It ends once, never too early, and asks nobody for nothing")
  func random() throws {
    for seed in 0..<20_000 {
      var random = SeededGenerator(seed: UInt64(seed))
      let parts = try (0..<Int.random(in: 1...5, using: &random)).map { index in
        try Self.part(
          "p\(index)", required: Bool.random(using: &random),
          timeout: Int.random(in: 1...50, using: &random),
          fallback: [nil, .value("1"), Self.elsewhere].randomElement(using: &random) ?? nil)
      }
      let plan = CompositionPlan(
        parts: parts, deadline: Bool.random(using: &random) ? .milliseconds(40) : nil)
      var machine = CompositionMachine(plan, at: 0)
      var asked = Array(repeating: 0, count: parts.count)
      var ends: [CompositionMachine.Step] = []
      var now: UInt64 = 0
      func carryOut(_ steps: [CompositionMachine.Step]) {
        for step in steps {
          guard case .ask(let part, let isFallback, let time) = step else {
            ends.append(step)
            continue
          }
          #expect(ends.isEmpty && time > 0, "seed \(seed)")
          #expect(isFallback == (asked[part] == 1), "seed \(seed)")
          asked[part] += 1
        }
      }
      carryOut(machine.start(at: 0))
      for _ in 0..<40 {
        now += UInt64.random(in: 0...3, using: &random)
        let part = Int.random(in: 0..<parts.count, using: &random)
        let isGood = Int.random(in: 0..<3, using: &random) > 0
        let wasOver = machine.isOver
        let steps = machine.settle(part, isGood ? .success(()) : .failure(.timeout), at: now)
        #expect(!wasOver || steps.isEmpty, "seed \(seed)")
        carryOut(steps)
        let isOut = machine.states.contains(.asked) || machine.states.contains(.fallbackAsked)
        let lacks = zip(parts, machine.states).contains { $0.isRequired && $1 == .absent }
        let isEmpty = machine.states.allSatisfy { $0 == .absent }
        #expect(machine.isOver == (lacks || !isOut), "seed \(seed)")
        if let end = ends.first { #expect((end == .answer) == !(lacks || isEmpty), "seed \(seed)") }
      }
      #expect(ends.count == (machine.isOver ? 1 : 0), "seed \(seed)")
      #expect(asked.allSatisfy { (1...2).contains($0) }, "seed \(seed)")
    }
  }
}
