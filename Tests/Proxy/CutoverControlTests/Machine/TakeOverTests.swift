// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

/// A process that takes over decides by a state that is up to a minute old, and by what it counts
/// itself from then on.
@Suite("Taking a cutover over")
struct TakeOverTests {
  /// A stage through with everything, that only an order keeps from the next one.
  private static func frozen() -> CutoverDriver {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10), CutoverDriver.stage(50)]))
    driver.handle(.start)
    for _ in 0..<40 { driver.second() }
    driver.handle(.freeze)
    for _ in 0..<200 { driver.second() }
    return driver
  }

  private static func takeOver(_ driver: inout CutoverDriver, age: Int) throws {
    driver.machine = try CutoverMachine(
      driver.machine.plan, restoring: JournaledCutover(json: driver.machine.journaled.json).state,
      age: age)
  }

  @Test(
    "Nothing is promoted before as much was watched again as nobody here has seen",
    arguments: [(0, 0), (1, 1), (5, 5), (59, 59), (60, 60), (100_000, 60)])
  func promotion(age: Int, seconds: Int) throws {
    var driver = Self.frozen()
    try Self.takeOver(&driver, age: age)
    let first = driver.handle(.unfreeze)
    if seconds > 0 {
      #expect(first == .hold(.catchingUp(seconds: seconds)))
      #expect(driver.seconds(limit: 200) == seconds)
    }
    #expect(driver.actions.last == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("One take-over after the other owes what is left of each, a minute at most")
  func repeatedly() throws {
    var driver = Self.frozen()
    try Self.takeOver(&driver, age: 20)
    driver.second()
    try Self.takeOver(&driver, age: 5)
    #expect(driver.handle(.unfreeze) == .hold(.catchingUp(seconds: 24)))
    driver.handle(.freeze)
    for _ in 0..<9 { try Self.takeOver(&driver, age: 30) }
    #expect(driver.handle(.unfreeze) == .hold(.catchingUp(seconds: 60)))
    #expect(driver.seconds(limit: 200) == 60)
  }

  @Test("A release that went bad in what was not seen is taken back, not promoted")
  func wentBadUnseen() throws {
    var driver = Self.frozen()
    let seen = driver.machine
    driver.extractedFailures = 20
    for _ in 0..<3 { driver.second() }
    #expect(driver.machine.phase == .underWay)
    // The state of before that is the one that was written.
    driver.machine = seen
    try Self.takeOver(&driver, age: 3)
    driver.handle(.unfreeze)
    #expect((1...15).contains(driver.seconds(limit: 60) ?? 0))
    #expect(driver.machine.phase == .rolledBack)
    #expect(driver.percent == .zero)
  }

  /// What a new leader counts of the first seconds is a part: the proxies that it has not heard of
  /// twice, or that are gone, are missing. Both sides of a proxy are told together.
  @Test(
    "A part of the counts of equal sides takes nothing back",
    arguments: [0.0, 0.01, 0.1, 0.3, 1], [1, 3, 10])
  func partialCounts(rate: Double, proxies: Int) throws {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10, soak: 36_000), CutoverDriver.stage(50)]))
    driver.requestsPerSecond = 1_000
    driver.extractedFailures = Int(rate * 100)
    driver.legacyFailures = Int(rate * 100)
    driver.handle(.start)
    for _ in 0..<30 {
      for _ in 0..<20 { driver.second() }
      try Self.takeOver(&driver, age: 20)
      driver.requestsPerSecond = 1_000 / proxies
      for _ in 0..<4 { driver.second() }
      driver.requestsPerSecond = 1_000
    }
    #expect(driver.machine.phase == .underWay)
    #expect(driver.percent == .hundredths(1_000))
  }
}
