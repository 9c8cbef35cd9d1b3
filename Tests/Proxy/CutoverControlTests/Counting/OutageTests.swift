// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Outages of the extracted side")
struct OutageTests {
  private static let rules = GateRules.errors(ratio: 1.25, margin: 0.0005)

  /// A second in which legacy answers 180 requests, some of them badly.
  private static func second(
    succeeded: Int = 0, failures: Int = 0, users: Int = 0, keptAway: Int = 0, legacyFailed: Int = 0,
    legacy: Int = 180, judged: Int? = nil
  ) -> RouteCounts {
    RouteCounts(
      legacy: SideCounts(
        finished: legacy, failed: legacyFailed, succeeded: legacy - legacyFailed),
      extracted: SideCounts(
        finished: succeeded + failures, failed: users, succeeded: succeeded,
        judged: judged.map { ($0, $0) }, keptAway: keptAway))
  }

  /// Seconds until it has lasted.
  private static func lasts(
    _ first: RouteCounts, then rest: RouteCounts, against baseline: Baseline = .concurrentLegacy
  ) -> Int? {
    var outage = Outage()
    return (1...600).first { second in
      outage.tick(second == 1 ? first : rest)
      return outage.hasLasted(rules, against: baseline)
    }
  }

  @Test("Five users and a breaker that opened by them: ten seconds")
  func breaker() {
    let opening = Self.second(failures: 5, users: 5, keptAway: 15)
    #expect(Self.lasts(opening, then: Self.second(keptAway: 20)) == 10)
    #expect(
      Self.lasts(opening, then: Self.second(keptAway: 20), against: .ceiling(0.003)) == 10)
  }

  @Test("All of many users: ten seconds, and one success before that ends it")
  func success() {
    let failing = Self.second(failures: 20, users: 20)
    #expect(Self.lasts(failing, then: failing) == 10)
    var outage = Outage()
    for _ in 0..<9 { outage.tick(failing) }
    outage.tick(Self.second(succeeded: 1, failures: 19, users: 19))
    #expect(outage == Outage())
  }

  @Test(
    "Fewer users are no evidence, however often they fail",
    arguments: [(1, nil), (4, nil), (5, 10)] as [(Int, Int?)])
  func fewUsers(users: Int, seconds: Int?) {
    #expect(
      Self.lasts(
        Self.second(failures: 20, users: users), then: Self.second(failures: 20)) == seconds)
  }

  @Test(
    "Where legacy fails as well it takes more users, and none would do when it fails as a whole",
    arguments: [
      (0, 5, 10), (18, 13, nil), (18, 14, 10), (54, 28, nil), (54, 30, 10), (180, 100, nil),
    ]
      as [(Int, Int, Int?)])
  func sharedTrouble(legacyFailed: Int, users: Int, seconds: Int?) {
    let rest = Self.second(failures: 20, legacyFailed: legacyFailed)
    let first = Self.second(failures: users, users: users, legacyFailed: legacyFailed)
    #expect(Self.lasts(first, then: rest) == seconds)
  }

  @Test(
    "It holds at every ceiling that there is, and where legacy fails three times of four",
    arguments: [(0.02, 7, 8), (0.5, 39, 40), (0.87, 198, 199), (0.9, 262, 263)])
  func ceilings(ceiling: Double, few: Int, enough: Int) {
    for (users, seconds) in [(few, nil), (enough, 10)] as [(Int, Int?)] {
      let first = Self.second(failures: 300, users: users)
      #expect(
        Self.lasts(first, then: Self.second(failures: 20), against: .ceiling(ceiling)) == seconds)
    }
    // 1.25 times 75 % is 94 %.
    let shared = Self.second(failures: 1_000, users: 1_000, legacyFailed: 135)
    #expect(Self.lasts(shared, then: shared) == 10)
  }

  @Test("Traffic that grows while users are kept away delays their way back by two minutes at most")
  func growingTraffic() {
    var outage = Outage()
    var usual = Self.second(succeeded: 20)
    usual.legacy.inFlight = 50
    for _ in 0..<30 { outage.tick(usual) }
    let seconds = (1...600).first { second in
      // The breaker lets a user in ten through, and one of ten of those succeeds.
      var counts = Self.second(
        succeeded: second % 10 == 0 ? 1 : 0, failures: 2, users: 2, keptAway: 18)
      counts.legacy.inFlight = 50 + 5 * second
      outage.tick(counts)
      return outage.hasLasted(Self.rules, against: .concurrentLegacy)
    }
    #expect(seconds.map { (10...120).contains($0) } == true, "\(seconds as Int?)")
  }

  @Test("One user who fails minute by minute while nothing succeeds is an outage, and said so")
  func oneUser() {
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(10, soak: 3_600)]))
    driver.handle(.start)
    var seconds = 0
    while driver.percent > .zero, seconds < 600 {
      // Who only fails is judged once in eight minutes.
      let counts = Self.second(
        failures: 20, users: seconds % 60 == 0 ? 1 : 0, judged: seconds == 0 ? 1 : 0)
      driver.handle(.tick(["orders": counts]))
      seconds += 1
    }
    #expect(seconds == 241)
    guard case .rollBack(.outage(let finding))? = driver.actions.last else {
      Issue.record("expected an outage: \(driver.actions)")
      return
    }
    #expect(finding.description.contains("users failed 5 times (each counted once a minute; 5 in"))
  }

  @Test(
    "Kept away alone is no failure: a breaker that is open since a shared incident has its time")
  func keptAwayOnly() {
    let rest = Self.second(keptAway: 20)
    #expect(Self.lasts(rest, then: rest) == Exclusion.patience)
    // Seven users failed before it opened, and legacy for the first second.
    let onset = Self.second(failures: 7, users: 7, keptAway: 13, legacyFailed: 180)
    #expect(Self.lasts(onset, then: rest).map { $0 > 30 } ?? true)
  }

  /// At 100 requests a second that take 0.3 s each, thirty are always under way.
  @Test(
    "Legacy's usual requests under way are no failures, those that hang since then may be",
    arguments: [(30, 10), (60, nil)] as [(Int, Int?)])
  func legacyInFlight(hanging: Int, seconds: Int?) {
    func second(_ counts: RouteCounts, inFlight: Int) -> RouteCounts {
      var counts = counts
      counts.legacy.inFlight = inFlight
      return counts
    }
    var outage = Outage()
    for _ in 1...30 {
      outage.tick(second(Self.second(succeeded: 100, legacy: 100), inFlight: 30))
    }
    let found = (1...20).first { number in
      let opens = number == 1
      let counts = Self.second(
        failures: opens ? 5 : 0, users: opens ? 5 : 0, keptAway: 95, legacy: 100)
      outage.tick(second(counts, inFlight: hanging))
      return outage.hasLasted(Self.rules, against: .concurrentLegacy)
    }
    #expect(found == seconds)
  }

  /// Of 100 requests a second that take 0.3 s each; the breaker lets two pass in each second.
  @Test("A breaker that opens again and again is not excused by legacy's usual requests")
  func flappingBeside() {
    var outage = Outage()
    func second(_ counts: RouteCounts) {
      var counts = counts
      counts.legacy.inFlight = 30
      outage.tick(counts)
    }
    for _ in 1...30 { second(Self.second(succeeded: 100, legacy: 100)) }
    let found = (1...60).first { number in
      let succeeds = number % 3 == 0
      second(
        Self.second(
          succeeded: succeeds ? 1 : 0, failures: succeeds ? 0 : 1, users: succeeds ? 0 : 1,
          keptAway: 95, legacy: 100))
      return outage.exclusion.hasLasted(Self.rules, against: .concurrentLegacy)
    }
    #expect(outage.exclusion.legacyFailed == 0)
    // Seven of ten, long before the time after which no failure has to be seen.
    #expect(found == Exclusion.leastSeconds)
  }

  @Test("Seconds without a request are no evidence and end nothing")
  func silence() {
    let failing = Self.second(failures: 20, users: 20)
    #expect(Self.lasts(failing, then: Self.second()) == nil)
    var outage = Outage()
    for _ in 0..<5 {
      outage.tick(failing)
      outage.tick(Self.second())
    }
    #expect(outage.seconds == 5 && outage.users == 100)
  }

  /// Such as requests that time out on both sides long after the last ones came.
  @Test("A legacy without a success is no better, however many users fail", arguments: [0, 1, 180])
  func noLegacy(legacy: Int) {
    let none = Self.second(failures: 20, users: 20, legacyFailed: legacy, legacy: legacy)
    #expect(Self.lasts(none, then: none) == nil)
    let failing = Self.second(failures: 20, users: 20, legacy: 0)
    #expect(
      Self.lasts(failing, then: Self.second(failures: 20, legacy: 0), against: .ceiling(0.02))
        == 10)
  }
}
