// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

/// Random schedules of two relays over one outbox: transactions that abort, lost calls and lost
/// answers, crashes, reopened files, leases that run out, effects that throw.
@Suite(.timeLimit(.minutes(2)))
struct RelayScheduleTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func nothingIsLostDoubledOrReordered(seed: UInt64) async throws {
    let world = try ScheduleWorld(seed: seed)
    try await world.run(steps: 300)
    try await world.settle()

    let effects = try await world.effects()
    #expect(effects == world.committed, "seed \(seed)")
    for (aggregate, versions) in world.firstDeliveries {
      let expected = (1...Int64(world.committed[aggregate]?.count ?? 0)).map { $0 }
      #expect(versions == expected, "seed \(seed), aggregate \(aggregate)")
    }
    #expect(world.committed.values.joined().count > 20, "seed \(seed) did too little")
    #expect(world.crashes > 0, "seed \(seed) crashed nothing")
  }
}
