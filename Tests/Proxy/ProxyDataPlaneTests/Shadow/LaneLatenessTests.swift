// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyDataPlane

@Suite("A lane that got no processor blames nobody")
struct LaneLatenessTests {
  @Test func `one that looks at the clock as usual is never late`() {
    var lateness = LaneLateness()
    for now in stride(from: UInt64(1_000), through: 61_000, by: 20) { lateness.look(at: now) }
    #expect(lateness.milliseconds(at: 61_050) == 0)
    #expect(!lateness.excuses(since: 0, at: 61_050, deadline: 100))
  }

  @Test func `time without the processor adds up, also before the next look`() {
    var lateness = LaneLateness()
    lateness.look(at: 1_000)
    #expect(lateness.milliseconds(at: 1_250) == 200)
    lateness.look(at: 1_250)
    lateness.look(at: 1_270)
    lateness.look(at: 1_420)
    #expect(lateness.milliseconds(at: 1_420) == 300)
    #expect(lateness.excuses(since: 0, at: 1_420, deadline: 2_999))
    #expect(!lateness.excuses(since: 0, at: 1_420, deadline: 3_000))
    #expect(!lateness.excuses(since: 200, at: 1_420, deadline: 2_000))
  }

  @Test func `rest is no lateness`() {
    var lateness = LaneLateness()
    lateness.look(at: 1_000)
    lateness.rest()
    #expect(lateness.milliseconds(at: 60_000) == 0)
    lateness.look(at: 60_000)
    #expect(lateness.milliseconds(at: 60_020) == 0)
  }
}
