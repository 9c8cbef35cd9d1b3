// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Hummingbird
internal import RoutingDecisions

/// `/cutovers`: what is under way, and orders to it. Also what holds for all of them: `/freeze` and
/// `/kill-switch`.
struct CutoversController {
  private static let example = #"{"actor": "ann", "reason": "..."}"#
  private static let approvalExample =
    #"{"stage": 2, "plan": "5f0c...", "actor": "ann", "reason": "..."}"#
  private static let switchExample = #"{"on": true, "actor": "ann", "reason": "..."}"#

  /// nil when the configuration names no journal.
  let runner: CutoverRunner?

  private typealias Action =
    @Sendable (CutoverRunner, String, CutoverOrder) async throws -> Void

  private static let actions: [(name: String, action: Action)] = [
    ("pause", { try await $0.pause($1, by: $2) }),
    ("resume", { try await $0.resume($1, by: $2) }),
    ("rollback", { try await $0.rollBack($1, by: $2) }),
  ]

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/cutovers") { _, _ in Response.json(.ok, try await running().overview()) }
    router.get("/cutovers/{name}") { _, context in
      try await show(context.parameters.require("name"))
    }
    for (name, action) in Self.actions {
      router.post(RouterPath("/cutovers/{name}/\(name)")) { request, context in
        let cutover = try context.parameters.require("name")
        let order = try await OrderBody(request, example: Self.example).order(context)
        let runner = try running()
        let status = try await Self.carryOut(runner) { try await action(runner, cutover, order) }
        return try await show(cutover, status)
      }
    }
    router.post("/cutovers/{name}/start") { request, context in
      let cutover = try context.parameters.require("name")
      let body = try await OrderBody(request, ["skip-gates"], example: Self.example)
      let skipsGates = try body.flag("skip-gates", default: false)
      let order = try body.order(context)
      let runner = try running()
      let status = try await Self.carryOut(runner) {
        try await runner.start(cutover, skipsGates: skipsGates, by: order)
      }
      return try await show(cutover, status)
    }
    router.post("/cutovers/{name}/approve") { request, context in
      let cutover = try context.parameters.require("name")
      let body = try await OrderBody(request, ["stage", "plan"], example: Self.approvalExample)
      let approval = StageApproval(
        stage: try body.stage("stage") - 1,
        plan: try body.text("plan", longest: OrderBody.maximumActor))
      let order = try body.order(context)
      let runner = try running()
      let status = try await Self.carryOut(runner) {
        try await runner.approve(approval, of: cutover, by: order)
      }
      return try await show(cutover, status)
    }
    addSwitch("/freeze", to: router) { try await $0.freeze($1, by: $2) }
    addSwitch("/kill-switch", to: router) {
      try await $0.setKillSwitch($1, by: $2)
      return []
    }
  }

  /// - Parameter set: carries it out, and says whom it moved that the overview alone does not tell.
  private func addSwitch(
    _ path: RouterPath, to router: some RouterMethods<AdminRequestContext>,
    set:
      @escaping @Sendable (CutoverRunner, Bool, CutoverOrder) async throws -> [JournalRecord.Move]
  ) {
    router.post(path) { request, context in
      let body = try await OrderBody(request, ["on"], example: Self.switchExample)
      let isOn = try body.flag("on")
      let order = try body.order(context)
      let runner = try running()
      var moves: [JournalRecord.Move] = []
      let status = try await Self.carryOut(runner) { moves = try await set(runner, isOn, order) }
      var overview = await runner.overview()
      if !moves.isEmpty { overview.moves = moves.map(CutoverOverview.Move.init) }
      return Response.json(status, overview)
    }
  }

  private func running() throws -> CutoverRunner {
    guard let runner else { throw Problem.noJournal }
    return runner
  }

  private func show(
    _ name: String, _ answer: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let runner = try running()
    guard let status = await runner.status(of: name) else {
      let known = await runner.overview().cutovers.map(\.name)
      throw Problem(CutoverRefusal.unknownCutover(name, known: known))
    }
    return .json(answer, status)
  }

  /// Runs an order; a refusal becomes an answer.
  ///
  /// - Returns: 200, or 202 when what was done is not written yet: users were taken back while the
  ///   journal could not be written.
  static func carryOut(
    _ runner: CutoverRunner, _ order: () async throws -> Void
  ) async throws -> HTTPResponse.Status {
    do {
      try await order()
      return await runner.overdue.isEmpty ? .ok : .accepted
    } catch let refusal as CutoverRefusal {
      throw Problem(refusal)
    }
  }
}

extension Problem {
  /// Nothing can be carried out that cannot be written down.
  static var noJournal: Problem {
    Problem(
      .conflict, "This proxy keeps no journal: set proxy.journal: { path, installation } first.")
  }

  init(_ refusal: CutoverRefusal) {
    let status: HTTPResponse.Status =
      switch refusal {
      case .unknownCutover, .unknownRoute, .unknownEntry, .order(.noSuchStage, _): .notFound
      case .order(.otherStage, _), .order(.otherPlan, _), .outdated: .preconditionFailed
      case .notSplit, .order, .completed, .underWay, .skipsGates, .planSkipsGates,
        .killSwitchIsOn, .frozen, .unchanged, .nothingToRevert:
        .conflict
      case .record: .badRequest
      case .notLeading, .following, .cutOff, .journal: .serviceUnavailable
      }
    self.init(status, refusal.description)
  }
}
