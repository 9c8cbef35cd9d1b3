// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions

/// Drives a machine second by second with traffic that follows its percentage.
struct CutoverDriver {
  var machine: CutoverMachine
  /// Requests a second of each route, both sides together.
  var requestsPerSecond = 100
  /// Failed requests of the extracted side and of legacy, of each hundred.
  var extractedFailures = 0
  var legacyFailures = 0
  /// Comparisons a second of each route, and those in which the extracted answer was odd.
  var compared = 0
  var extractedOdd = 0
  var time: Int64 = 0
  private(set) var percent = Percentage.zero
  private(set) var actions: [CutoverAction] = []

  init(_ plan: CutoverPlan, run: UInt64? = nil) { machine = CutoverMachine(plan, run: run) }

  static func plan(
    _ stages: [CutoverStage] = [stage(10), stage(50, needsApproval: true)],
    routes: [String] = ["orders"], gates: CutoverGates = CutoverGates(latency: []),
    freezes: [FreezeWindow] = []
  ) -> CutoverPlan {
    CutoverPlan(name: "orders", routes: routes, stages: stages, gates: gates, freezes: freezes)
  }

  static func stage(
    _ percent: Int, soak: Int = 60, minimum: Int = 0, needsApproval: Bool = false,
    evidence: CutoverStage.Evidence = .concurrent
  ) -> CutoverStage {
    CutoverStage(
      percent: .hundredths(percent * 100), soak: .seconds(soak), minimum: minimum,
      needsApproval: needsApproval, evidence: evidence)
  }

  @discardableResult
  mutating func handle(_ event: CutoverEvent) -> CutoverAction {
    let action = machine.handle(event, at: time)
    switch action {
    case .setPercent(let percent, _): self.percent = percent
    case .rollBack: percent = .zero
    case .hold, .awaitApproval, .complete, .refuse: break
    }
    if case .hold = action {} else { actions.append(action) }
    return action
  }

  @discardableResult
  mutating func second(legacyIsSilent: Bool = false, extractedIsSilent: Bool = false)
    -> CutoverAction
  {
    time += 1
    var counts = RouteCounts()
    let extracted = requestsPerSecond * percent.hundredths / 10_000
    let legacy = requestsPerSecond - extracted
    if !legacyIsSilent {
      counts.legacy = SideCounts(finished: legacy, failed: legacy * legacyFailures / 100)
    }
    if !extractedIsSilent {
      counts.extracted = SideCounts(
        finished: extracted, failed: extracted * extractedFailures / 100)
    }
    for route in machine.plan.routes where compared > 0 {
      handle(
        .compared(
          route: route, CompareCounts(compared: compared, odd: .init(extracted: extractedOdd))))
    }
    return handle(
      .tick(Dictionary(uniqueKeysWithValues: machine.plan.routes.map { ($0, counts) })))
  }

  /// Approves the next stage.
  @discardableResult
  mutating func approve() -> CutoverAction {
    let next = machine.state.stage + 1
    return handle(.approve(StageApproval(stage: next, plan: machine.version)))
  }

  /// Seconds until something but a hold happens; nil when nothing did within the limit.
  mutating func seconds(limit: Int, legacyIsSilent: Bool = false, extractedIsSilent: Bool = false)
    -> Int?
  {
    for passed in 1...limit {
      let action = second(legacyIsSilent: legacyIsSilent, extractedIsSilent: extractedIsSilent)
      if case .hold = action { continue }
      return passed
    }
    return nil
  }
}
