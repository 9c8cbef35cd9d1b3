// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import ServiceCalls
import Testing

@Suite("Endpoints of different ranks")
struct RankedEndpointTests {
  private static let first = ServiceEndpoint(host: "a", port: 1)
  private static let second = ServiceEndpoint(host: "b", port: 1)
  private static let spare = ServiceEndpoint(host: "c", port: 1)

  private var gate = CallGate(ServiceCallPolicy())
  private var random = SplitMix(state: 2_782)

  private mutating func attempt(
    _ outcome: AttemptOutcome = .cancelled, at now: UInt64 = 0,
    avoiding avoided: ServiceEndpoint? = nil
  ) -> ServiceEndpoint? {
    let request = CallGate.Request(avoided: avoided, draw: random.next())
    guard case .seat(let seat) = gate.enter(1, request, at: now, deadline: .max) else { return nil }
    gate.leave(seat, outcome, at: now)
    return seat.endpoint
  }

  @Test("Those of the smallest priority get all requests while one of them may")
  mutating func priority() {
    gate.replace(ranked: [
      RankedEndpoint(Self.spare, priority: 2), RankedEndpoint(Self.first, priority: 1),
    ])
    for _ in 0..<50 {
      let endpoint = attempt()
      #expect(endpoint == Self.first)
    }
    // A call that failed there goes on with the other one.
    let next = attempt(avoiding: Self.first)
    #expect(next == Self.spare)
    for _ in 0..<5 { _ = attempt(.failed(.connect)) }
    // Its breaker is open.
    for _ in 0..<50 {
      let endpoint = attempt(at: 1)
      #expect(endpoint == Self.spare)
    }
    let back = attempt(at: 30_000)
    #expect(back == Self.first)
  }

  @Test("Weights deal requests within a priority, and one of weight 0 gets hardly any")
  mutating func weights() {
    gate.replace(ranked: [
      RankedEndpoint(Self.first, weight: 30), RankedEndpoint(Self.second, weight: 70),
      RankedEndpoint(Self.spare, weight: 0),
    ])
    var counts: [ServiceEndpoint: Int] = [:]
    for _ in 0..<10_000 {
      if let endpoint = attempt() { counts[endpoint, default: 0] += 1 }
    }
    #expect((2_700...3_200).contains(counts[Self.first] ?? 0))
    #expect((6_600...7_200).contains(counts[Self.second] ?? 0))
    // One of 101 numbers.
    #expect((50...170).contains(counts[Self.spare] ?? 0))
  }

  @Test("A rank that changes leaves breaker and load as they are")
  mutating func change() {
    gate.replace(ranked: [
      RankedEndpoint(Self.first, priority: 1), RankedEndpoint(Self.spare, priority: 2),
    ])
    for _ in 0..<5 { _ = attempt(.failed(.connect)) }
    gate.replace(ranked: [
      RankedEndpoint(Self.first, priority: 0, weight: 9), RankedEndpoint(Self.spare, priority: 2),
    ])
    let endpoint = attempt(at: 1)
    #expect(endpoint == Self.spare)
    // Without ranks they take turns again.
    gate.replace([Self.second, Self.spare])
    let both = Set([attempt(at: 1), attempt(at: 1)])
    #expect(both == [Self.second, Self.spare])
  }

  private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}
