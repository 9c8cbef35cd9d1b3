// SPDX-License-Identifier: Apache-2.0

/// The last step under traffic: a plan with gates, and nobody who watches.
extension DemoRun {
  /// How long the gate may take.
  private static let patience = Duration.seconds(20)

  mutating func letTheGateRollBack() async throws {
    narrator.section("A cutover with gates: the new service answers differently, nobody looks")
    // Orders that were placed during the demonstration are on one side only: nobody reads them now.
    await traffic.whileNoWrites { traffic.set(phase: .rollback, mix: .browsing) }
    let before = traffic.userLedger.failedRequests
    let clock = ContinuousClock()
    let start = clock.now
    try await admin.start(Self.route, reason: "demonstrate the gates")
    var isBack = false
    while !isBack, clock.now - start < Self.patience {
      try await clock.sleep(for: .milliseconds(100))
      isBack = try await admin.isRolledBack(Self.route)
    }
    let seconds = ((clock.now - start) / .seconds(1)).rounded(toPlaces: 1)
    let failed = traffic.userLedger.failedRequests - before
    if let reason = try await admin.lastAutomaticReason() { narrator.line(reason) }
    summary.demand(
      "differing service taken back by the gates",
      isBack ? "after \(seconds) s; failed requests \(failed)" : "not within \(seconds) s",
      isBack && failed == 0)
  }
}
