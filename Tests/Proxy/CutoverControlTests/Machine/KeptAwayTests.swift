// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

/// What a breaker of the extracted side does to a cutover.
@Suite("Breakers under a cutover")
struct KeptAwayTests {
  private static func second(
    _ extracted: SideCounts, legacyFailed: Int = 0
  ) -> CutoverEvent {
    .tick([
      "orders": RouteCounts(
        legacy: SideCounts(finished: 90, failed: legacyFailed), extracted: extracted)
    ])
  }

  private static let opening = second(SideCounts(finished: 5, failed: 5, keptAway: 5))
  private static let open = second(SideCounts(keptAway: 10))

  /// A stage in which everything was proved before.
  private static func driver(soak: Int = 300) -> CutoverDriver {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10, soak: soak), CutoverDriver.stage(50)]))
    driver.handle(.start)
    for _ in 0..<290 { driver.second() }
    return driver
  }

  @Test("A side whose breaker opened and stays open is taken back, with the numbers")
  func staysOpen() {
    var driver = Self.driver()
    driver.handle(Self.opening)
    for _ in 0..<8 { driver.handle(Self.open) }
    #expect(driver.machine.phase == .underWay)
    guard case .rollBack(.outage(let finding)) = driver.handle(Self.open) else {
      Issue.record("no rollback but \(String(describing: driver.actions.last))")
      return
    }
    #expect(
      finding.description
        == "orders: outage: nothing succeeded for 10 s, users failed 5 times (each counted once a "
        + "minute; 5 in a row are no chance), the breaker kept 95 "
        + "requests away; legacy failed 0 of 900")
    #expect(RollBackReason.outage(finding).isAutomatic)
  }

  @Test("While it is open nothing is promoted, nor before it refused nothing for a minute")
  func holds() {
    // The tenth second would be the last of the soak time, and is no rollback: too few users.
    var driver = Self.driver()
    driver.handle(Self.second(SideCounts(finished: 5, failed: 2, succeeded: 0, keptAway: 5)))
    for _ in 0..<59 {
      guard case .hold(let reason) = driver.handle(Self.open) else {
        Issue.record("no hold but \(String(describing: driver.actions.last))")
        return
      }
      #expect([.keptAway, .soaking].contains(Kind(reason)))
    }
    #expect(driver.handle(Self.open) == .hold(.extractedSilent(route: "orders")))
    for _ in 1..<Exclusion.quiet {
      guard case .hold(.keptAway) = driver.handle(Self.second(SideCounts(finished: 10))) else {
        Issue.record("no hold but \(String(describing: driver.actions.last))")
        return
      }
    }
    // What was kept away counts against a promotion: ten of a hundred requests were.
    guard case .hold(.notProved) = driver.handle(Self.second(SideCounts(finished: 10))) else {
      Issue.record("not unproved but \(String(describing: driver.actions.last))")
      return
    }
  }

  @Test(
    "A breaker that opens again and again does not hide a release of which half fails",
    arguments: [10, 2_500])
  func flapping(rate: Int) {
    var driver = Self.driver(soak: 3_600)
    // Of two requests that are let pass each half minute one succeeds.
    func next(_ second: Int) -> CutoverAction? {
      let probes = second % 30 == 0
      return driver.handle(
        .tick([
          "orders": RouteCounts(
            legacy: SideCounts(finished: rate),
            extracted: second == 0
              ? SideCounts(finished: 12, failed: 8, keptAway: rate)
              : probes
                ? SideCounts(finished: 2, failed: 1, keptAway: rate)
                : SideCounts(keptAway: rate))
        ]))
    }
    let seconds = (0..<600).first { second in
      if case .rollBack(.outage) = next(second) { true } else { false }
    }
    #expect(seconds.map { $0 <= 10 } ?? false, "\(String(describing: seconds))")
  }

  @Test("Users of a proxy that cannot reach the side are taken back, though others can")
  func oneProxy() {
    var driver = Self.driver(soak: 3_600)
    let seconds = (1...600).first { _ in
      if case .rollBack(.outage) = driver.handle(
        Self.second(SideCounts(finished: 20, keptAway: 10)))
      {
        true
      } else {
        false
      }
    }
    #expect(seconds == Exclusion.patience)
  }

  private enum Kind {
    case keptAway, soaking, other

    init(_ reason: HoldReason) {
      self =
        switch reason {
        case .keptAway: .keptAway
        case .soaking: .soaking
        default: .other
        }
    }
  }

  @Test("A shared incident in which it opened takes nothing back, during it or after it")
  func sharedIncident() {
    var driver = Self.driver(soak: 3_600)
    for incident in [1, 5, 30, 120] {
      driver.handle(
        Self.second(SideCounts(finished: 6, failed: 6, keptAway: 4), legacyFailed: 90))
      // As long as the breaker is open, and no longer than half a minute after the incident.
      for second in 1..<(incident + 30) {
        driver.handle(
          Self.second(SideCounts(keptAway: 10), legacyFailed: second < incident ? 90 : 0))
      }
      for _ in 0..<60 { driver.second() }
    }
    #expect(driver.machine.phase == .underWay)
    #expect(driver.machine.percent == .hundredths(1_000))
  }
}
