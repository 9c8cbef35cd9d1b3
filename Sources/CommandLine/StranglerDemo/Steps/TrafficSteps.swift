// SPDX-License-Identifier: Apache-2.0
internal import NIOHTTP1

/// The steps under live traffic: the ramp, the killed service, the rollback.
extension DemoRun {
  /// Route that is being moved.
  static let route = "orders"

  mutating func moveTraffic() async throws {
    narrator.section("The ramp: \(options.users) users, \(options.requestsPerSecond) requests/s")
    narrator.line(
      "data is not moved before the end: until then, at each switch, orders that are being")
    narrator.line("placed are finished first, and while the service is dead users only read;")
    narrator.line("until anybody is moved they only read too, and each read is sent to both sides")
    try await ramp(to: 0)
    try await judgeLiveComparison()
    traffic.set(phase: .ramp, mix: .shopping)
    try await ramp(to: 10)
    try await ramp(to: 50)
    await replaceRelay()
    try await surviveOutage()
    narrator.section("The ramp goes on")
    try await ramp(to: 100)
    let users = traffic.userLedger
    summary.demand(
      "failed requests",
      "\(users.failedRequests + users.wrongAnswers) of \(users.requests)"
        + users.failureDetails,
      users.requests > 0 && users.failedRequests + users.wrongAnswers == 0)
    summary.demand(
      "users flipped back while ramping up",
      "\(users.flippedBack.count) of \(users.usersSeen.count)",
      !users.usersSeen.isEmpty && users.flippedBack.isEmpty)
    try await rollBack()
    try await letTheGateRollBack()
  }

  private func ramp(to percent: Int) async throws {
    let before = traffic.userLedger
    if percent > 0 {
      try await traffic.whileNoWrites {
        try await admin.setPercent(percent, ofRoute: Self.route, reason: "ramp")
      }
    }
    try await hold(options.stage, "\(percent) %")
    let after = traffic.userLedger
    let legacy = after.answers(on: .legacy) - before.answers(on: .legacy)
    let extracted = after.answers(on: .extracted) - before.answers(on: .extracted)
    let share = Double(100 * extracted) / Double(max(1, legacy + extracted))
    narrator.line(
      "\(percent) %".padded(to: 6)
        + "\(extracted) of \(legacy + extracted) order requests answered by the new service "
        + "(\(share.rounded(toPlaces: 1)) %), "
        + "\(after.usersOnExtracted.count) users on it, \(after.flippedBack.count) flipped back, "
        + "\(after.failedRequests) failed")
  }

  private func replaceRelay() async {
    await events.replaceRelay()
    narrator.line("the outbox relay was dropped in the middle of its work; another one took over")
  }

  private mutating func surviveOutage() async throws {
    narrator.section("The new service is killed under load (SIGKILL)")
    let before = traffic.userLedger
    let fallbacksBefore = try await admin.counter(Self.fallbackCounter)
    // From here on users read; an order that is being placed is finished first. The proxy never
    // moves a write to the other side, so a killed service would refuse it, and say so.
    await traffic.whileNoWrites {
      traffic.set(phase: .outage, mix: .browsing)
      ordersService.kill()
    }
    try await hold(options.outage, "service is dead")
    let during = traffic.userLedger
    let fallbacks = try await admin.counter(Self.fallbackCounter) - fallbacksBefore
    let write = try await shop.send(
      .POST, "/orders", user: "user-on-the-new-side",
      headers: ["x-compare": "extracted"],
      json: #"{"customerId":1,"lines":[{"sku":"\#(stage.skus[0])","quantity":1}]}"#)
    narrator.line(
      "\(during.requests - before.requests) requests while it was dead: "
        + "\(fallbacks) order reads were answered by legacy instead, "
        + "\(during.failedRequests - before.failedRequests) failed")
    let isRefused = write.side == nil && (500...599).contains(write.status)
    narrator.line(
      "a write for the dead service: status \(write.status), "
        + (isRefused ? "refused and not moved to the other side" : "answered by a side"))
    summary.demand("write for the killed service refused", "status \(write.status)", isRefused)
    summary.demand(
      "service killed under load, reads taken over by legacy",
      "\(fallbacks), failed \(during.failedRequests - before.failedRequests)",
      fallbacks > 0 && during.failedRequests == before.failedRequests)
    _ = try await ordersService.start(port: stage.ordersPort)
    try await hold(options.outage / 2, "service is back")
    traffic.set(phase: .ramp, mix: .shopping)
    let back = traffic.userLedger.answers(on: .extracted) - during.answers(on: .extracted)
    narrator.line("restarted on the same port: \(back) requests answered by it since")
  }

  private mutating func rollBack() async throws {
    narrator.section("Rollback")
    let before = traffic.userLedger
    let clock = ContinuousClock()
    var switched = 0.0
    try await traffic.whileNoWrites {
      traffic.set(phase: .rollback, mix: .shopping)
      let start = clock.now
      try await admin.setPercent(0, ofRoute: Self.route, reason: "demonstrate the way back")
      switched = (clock.now - start) / .milliseconds(1)
      traffic.set(phase: .rolledBack, mix: .shopping)
    }
    try await hold(options.stage / 2, "back on legacy")
    let after = traffic.userLedger
    let legacy = after.answersAfterRollback[.legacy] ?? 0
    let extracted = after.answersAfterRollback[.extracted] ?? 0
    narrator.line(
      "100 % -> 0 % in \(switched.rounded(toPlaces: 1)) ms; of the order requests that began "
        + "afterwards \(legacy) were answered by legacy, \(extracted) by the new service")
    summary.demand(
      "rollback by one call",
      "\(switched.rounded(toPlaces: 1)) ms; then legacy \(legacy), new service \(extracted)",
      legacy > 0 && extracted == 0)
    summary.demand(
      "failed requests during the rollback",
      "\(after.failedRequests - before.failedRequests)",
      after.failedRequests == before.failedRequests)
  }

  private static let fallbackCounter = "strangler_fallbacks_total"
}

extension UserLedger {
  /// Answers of the split route that one side gave.
  func answers(on side: Side) -> Int { answersBySide[side] ?? 0 }
}

extension String {
  /// The text, filled up with spaces on the right.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
