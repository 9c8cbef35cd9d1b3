// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import ServiceCalls
import Testing

@Suite("Places and endpoints")
struct CallGateTests {
  private static let first = ServiceEndpoint(host: "a", port: 1)
  private static let second = ServiceEndpoint(host: "b", port: 1)

  private var gate = CallGate(
    ServiceCallPolicy(bulkhead: BulkheadRules(inFlight: 2, queue: 1)), endpoints: [first, second])

  private mutating func enter(
    _ ticket: UInt64 = 1, at now: UInt64, avoiding avoided: ServiceEndpoint? = nil
  ) -> CallGate.Seat? {
    let entry = gate.enter(ticket, CallGate.Request(avoided: avoided), at: now, deadline: .max)
    if case .seat(let seat) = entry { return seat }
    return nil
  }

  /// Has one attempt end so.
  ///
  /// - Returns: where it went.
  @discardableResult
  private mutating func attempt(
    _ outcome: AttemptOutcome, at now: UInt64 = 0, avoiding avoided: ServiceEndpoint? = nil
  ) -> ServiceEndpoint? {
    guard let seat = enter(at: now, avoiding: avoided) else { return nil }
    gate.leave(seat, outcome, at: now)
    return seat.endpoint
  }

  @Test("The endpoint that failed a call is avoided by its next attempt, unless it is the only one")
  mutating func avoiding() {
    for _ in 0..<4 {
      let endpoint = attempt(.cancelled, avoiding: Self.first)
      #expect(endpoint == Self.second)
    }
    gate.replace([Self.first])
    let only = attempt(.cancelled, avoiding: Self.first)
    #expect(only == Self.first)
  }

  @Test("A breaker opens for its endpoint alone; open ones refuse before anybody takes a place")
  mutating func breakers() {
    for endpoint in [Self.first, Self.second] {
      let other = endpoint == Self.first ? Self.second : Self.first
      for _ in 0..<5 {
        let tried = attempt(.failed(.connect), avoiding: other)
        #expect(tried == endpoint)
      }
      let change = CircuitBreaker.Change(from: .closed, to: .open)
      let effects = gate.takeEffects()
      #expect(effects == [.breakerChanged(endpoint, change)])
    }
    let refused = gate.enter(1, CallGate.Request(), at: 29_999, deadline: .max)
    #expect(refused == .refused(.breakerOpen(until: 30_000)))
    // Two tries for each endpoint, in places of their own.
    let tries = [enter(1, at: 30_000), enter(2, at: 30_000)]
    #expect(!tries.contains(nil))
    let third = gate.enter(3, CallGate.Request(), at: 30_000, deadline: .max)
    #expect(third == .line(until: 30_500))
  }

  @Test("An endpoint that went and came back begins anew; what it still owed is forgotten")
  mutating func comingBack() throws {
    let entered = enter(at: 0, avoiding: Self.second)
    let seat = try #require(entered)
    gate.replace([Self.second])
    gate.replace([Self.first])
    gate.leave(seat, .failed(.connect), at: 0)
    for _ in 0..<4 { attempt(.failed(.connect)) }
    let before = gate.takeEffects()
    #expect(before.isEmpty)
    attempt(.failed(.connect))
    let after = gate.takeEffects()
    #expect(after.count == 1)
  }

  @Test("A place goes to the first in line, and on to the next when that one is refused")
  mutating func line() throws {
    gate = CallGate(
      ServiceCallPolicy(
        breaker: BreakerRules(trip: .consecutive(failures: 1)),
        bulkhead: BulkheadRules(inFlight: 1, queue: 2)),
      endpoints: [Self.first])
    let entered = enter(1, at: 0)
    let seat = try #require(entered)
    let second = gate.enter(2, CallGate.Request(), at: 0, deadline: .max)
    let third = gate.enter(3, CallGate.Request(), at: 0, deadline: 300)
    let fourth = gate.enter(4, CallGate.Request(), at: 0, deadline: .max)
    #expect([second, third] == [.line(until: 500), .line(until: 300)])
    #expect(fourth == .refused(.bulkheadFull))
    gate.leave(seat, .failed(.connect), at: 100)
    let granted = gate.takeEffects()
    #expect(granted.last == .granted(2))
    let refused = gate.enterGranted(CallGate.Request(), at: 100)
    #expect(refused == .refused(.breakerOpen(until: 30_100)))
    let next = gate.takeEffects()
    #expect(next == [.granted(3)])
  }

  @Test("What an attempt says about its endpoint")
  func meaning() {
    for status in [200, 301, 404, 429, 501, 505] {
      #expect(AttemptOutcome.answered(status: status, retryAfter: nil).isSuccess == true)
    }
    for status in [500, 502, 503, 504, 599] {
      #expect(AttemptOutcome.answered(status: status, retryAfter: nil).isSuccess == false)
    }
    for failure in [.connect, .connectTimeout, .timeout, .connectionLost]
      as [AttemptOutcome.Failure]
    {
      #expect(AttemptOutcome.failed(failure).isSuccess == false)
    }
    #expect(AttemptOutcome.failed(.answerTooLong).isSuccess == true)
    #expect(AttemptOutcome.cancelled.isSuccess == nil)
    #expect(AttemptOutcome.refused(.bulkheadFull).isSuccess == nil)
  }
}
