// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import ShadowComparison
import Synchronization
import Testing

@testable import ProxyDataPlane

@Suite("Shadow: the line for the lane")
struct ShadowLineTests {
  private static func line() throws -> (live: LiveShadow, route: ShadowRoute, job: ShadowJob) {
    let configuration = try ProxyConfiguration.shadowed(
      legacy: 1, extracted: 2, ShadowConfiguration())
    let live = LiveShadow()
    let numbers = try RoutingTable(configuration).numbers
    live.adopt(configuration, numbers, lane: numbers)
    let route = try #require(live.routes.first ?? nil)
    #expect(route.enterLine())
    let bytes = Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8)
    let job = ShadowJob(
      route: route, request: ShadowRequest(bytes: bytes, headLength: bytes.count, isSafe: true),
      hold: ShadowHold(route), answer: ComparedResponse(status: 200, headers: [], body: []),
      microseconds: 1)
    return (live, route, job)
  }

  @Test("What was served before the lane runs is its first work")
  func before() throws {
    let (live, route, job) = try Self.line()
    let wakes = Mutex(0)
    live.submit(job)
    live.connect { wakes.withLock { $0 += 1 } }
    #expect(wakes.withLock(\.self) == 1)
    #expect(live.take(mayRest: true).count == 1)
    #expect(live.take(mayRest: true).isEmpty)
    #expect(route.counts.current.tally.drops.isEmpty)
    live.submit(job)
    #expect(wakes.withLock(\.self) == 2)
  }

  @Test("What waits for a lane that is gone is let go, and counted")
  func after() throws {
    let (live, route, job) = try Self.line()
    live.connect {}
    live.submit(job)
    live.connect(nil)
    #expect(route.counts.current.tally.drops == [.noSlot: 1])
    #expect(live.take(mayRest: true).isEmpty)
  }
}
