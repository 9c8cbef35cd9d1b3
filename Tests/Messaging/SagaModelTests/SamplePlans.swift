// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

@testable import SagaModel

/// Plans of all shapes.
enum SamplePlans {
  static func work(_ manner: WorkManner, attempts: Int = 2, crashes: Int = 2) -> WorkPlan {
    WorkPlan(
      manner: manner,
      policy: WorkPolicy(
        attempts: attempts, crashes: crashes, within: 100, backoff: Backoff(first: 10, most: 20)))
  }

  static func step(
    _ name: String, _ kind: StepKind, _ manner: WorkManner, undo: WorkManner? = nil
  ) -> StepPlan {
    StepPlan(name: name, kind: kind, work: work(manner), compensation: undo.map { work($0) })
  }

  static func plan(_ steps: [StepPlan], deadline: Int64? = nil) -> SagaPlan {
    SagaPlan(name: "sample", version: 1, steps: steps, deadline: deadline)
  }

  /// Order, stock, payment, confirmation.
  static let checkout = plan(
    [
      step("create-order", .compensatable, .write, undo: .write),
      step("reserve-stock", .compensatable, .command, undo: .command),
      step("take-payment", .pivot, .call, undo: .call), step("confirm", .retriable, .command),
    ], deadline: 10_000)

  static func random(using random: inout some RandomNumberGenerator) -> SagaPlan {
    func manner(_ random: inout some RandomNumberGenerator) -> WorkManner {
      [.write, .call, .command].randomElement(using: &random) ?? .call
    }
    var steps: [StepPlan] = []
    func add(_ kind: StepKind, _ random: inout some RandomNumberGenerator) {
      let isUndone = kind != .retriable && Int.random(in: 0..<4, using: &random) > 0
      let undo = isUndone ? manner(&random) : nil
      steps.append(step("step-\(steps.count)", kind, manner(&random), undo: undo))
    }
    for _ in 0..<Int.random(in: 0...3, using: &random) { add(.compensatable, &random) }
    if Bool.random(using: &random) { add(.pivot, &random) }
    for _ in 0..<Int.random(in: 0...2, using: &random) { add(.retriable, &random) }
    if steps.isEmpty { add(.compensatable, &random) }
    return plan(steps, deadline: Bool.random(using: &random) ? 400 : nil)
  }

  static func record(_ plan: SagaPlan) -> SagaRecord {
    SagaRecord(id: "1", plan: plan, context: "{}", now: 0, trace: nil)
  }
}
