// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation
import RoutingDecisions
import Testing

/// A side on which everything fails at once, at 10 % of 200 requests a second.
@Suite("Sudden outages")
struct SuddenOutageTests {
  /// Runs a stage: seconds from the first in which everything fails to the rollback.
  private static func seconds(_ users: SimulatedUsers, healthy: Int = 120, limit: Int = 600) -> Int?
  {
    var (users, driver) = (users, CutoverDriver(CutoverDriver.plan()))
    driver.handle(.start)
    for _ in 0..<healthy { driver.handle(.tick(["orders": users.second()])) }
    users.isOut = true
    return (1...limit).first { _ in
      if case .rollBack = driver.handle(.tick(["orders": users.second()])) { true } else { false }
    }
  }

  @Test(
    "From five users on it is taken back within 20 s, where a breaker lets them through",
    arguments: [5, 10, 30, 1_000], [nil, 5] as [Int?])
  func manyUsers(users: Int, breaker: Int?) throws {
    var found: [Int] = []
    for seed in 1...20 as ClosedRange<UInt64> {
      var traffic = SimulatedUsers(seed: seed + 9_000, users: users, rate: 0.001)
      traffic.breakerOpensAt = breaker
      found.append(try #require(Self.seconds(traffic), "seed \(seed)"))
    }
    let slowest = found.max() ?? .max
    // Of few users some failed twice before the breaker opened: its next tries are other users'.
    if breaker == nil {
      #expect(slowest <= 20, "\(found)")
    } else {
      #expect(slowest <= 200, "\(found)")
      #expect(users < 1_000 || GateRun.quantile(found, 0.5) <= 20, "\(found)")
    }
  }

  /// One user who fails may be a broken account. She counts once a minute, so that five minutes
  /// make five.
  @Test(
    "Fewer users take minutes: one user is no service",
    arguments: [(1, 180...310), (2, 60...190), (3, 10...70), (4, 10...70)]
      as [(Int, ClosedRange<Int>)])
  func fewUsers(users: Int, expected: ClosedRange<Int>) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let traffic = SimulatedUsers(seed: seed + 9_100, users: users, rate: 0.001)
      let seconds = try #require(Self.seconds(traffic), "seed \(seed)")
      #expect(expected.contains(seconds), "seed \(seed): \(seconds) s")
    }
  }

  @Test("Equal sides of few users are no outage, in a shared incident neither", arguments: [3, 10])
  func equalSides(users: Int) {
    for (rate, breaker) in [(0.01, nil), (0.3, nil), (0.3, 5), (0.9, 5), (1, 5)]
      as [(Double, Int?)]
    {
      for seed in 1...20 as ClosedRange<UInt64> {
        var traffic = SimulatedUsers(seed: seed + 9_200, users: users, rate: 0.001)
        traffic.breakerOpensAt = breaker
        var driver = CutoverDriver(CutoverDriver.plan())
        driver.handle(.start)
        for second in 0..<300 {
          traffic.rate = second < 60 ? 0.001 : rate
          driver.handle(.tick(["orders": traffic.second()]))
        }
        #expect(
          driver.machine.phase == .underWay, "seed \(seed), \(rate), \(String(describing: breaker))"
        )
      }
    }
  }
}
