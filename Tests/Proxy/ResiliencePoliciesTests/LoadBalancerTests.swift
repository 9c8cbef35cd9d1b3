// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Load balancer")
struct LoadBalancerTests {
  struct Endpoint: BalancedEndpoint {
    var identity: UInt64
    var load = 0
    var isUsable = true

    init(_ name: String) { identity = LoadBalancer.identity(of: name) }
  }

  private static func endpoints(_ count: Int) -> [Endpoint] {
    (0..<count).map { Endpoint("10.0.0.\($0):80") }
  }

  @Test("Round robin takes turns among the usable")
  func roundRobin() {
    var balancer = LoadBalancer(.roundRobin)
    var endpoints = Self.endpoints(3)
    #expect((0..<6).map { _ in balancer.pick(endpoints, key: 0) } == [0, 1, 2, 0, 1, 2])
    endpoints[1].isUsable = false
    #expect((0..<4).map { _ in balancer.pick(endpoints, key: 0) } == [0, 2, 0, 2])
  }

  @Test("The endpoint with the fewest requests is taken, and equals take turns")
  func leastRequests() {
    var balancer = LoadBalancer(.leastRequests)
    var endpoints = Self.endpoints(3)
    var picks: [Int] = []
    for _ in 0..<9 {
      guard let pick = balancer.pick(endpoints, key: 0) else { continue }
      endpoints[pick].load += 1
      picks.append(pick)
    }
    #expect(endpoints.map(\.load) == [3, 3, 3])
    endpoints[1].load = 0
    let idlest = balancer.pick(endpoints, key: 0)
    #expect(idlest == 1)
    endpoints[1].isUsable = false
    endpoints[2].load = 1
    let idlestUsable = balancer.pick(endpoints, key: 0)
    #expect(idlestUsable == 2)
  }

  @Test(
    "One that failed the request is taken only when it is the last", arguments: Balance.allCases)
  func avoided(_ balance: Balance) {
    var balancer = LoadBalancer(balance)
    var endpoints = Self.endpoints(3)
    for key in 0..<50 as Range<UInt64> {
      let pick = balancer.pick(endpoints, key: key, avoiding: 1)
      #expect(pick != 1)
    }
    endpoints[0].isUsable = false
    endpoints[2].isUsable = false
    let lastUsable = balancer.pick(endpoints, key: 5, avoiding: 1)
    #expect(lastUsable == 1)
    endpoints[1].isUsable = false
    let nobody = balancer.pick(endpoints, key: 5)
    #expect(nobody == nil)
    let ofNone = balancer.pick([Endpoint](), key: 5)
    #expect(ofNone == nil)
  }

  /// The endpoint of each key, by name.
  private static func places(_ endpoints: [Endpoint]) -> [UInt64] {
    var balancer = LoadBalancer(.consistentHash)
    return (0..<3000).compactMap { number in
      let key = UInt64(number) &* 0x1234_5678_9ABC_DEF1
      return balancer.pick(endpoints, key: key).map { endpoints[$0].identity }
    }
  }

  @Test("Keys are dealt evenly, and one endpoint less moves its own keys only")
  func consistentHash() {
    let endpoints = Self.endpoints(5)
    let before = Self.places(endpoints)
    for endpoint in endpoints {
      let share = before.count { $0 == endpoint.identity }
      #expect((500...700).contains(share), "\(share)")
    }
    let lost = endpoints[2].identity
    let after = Self.places(endpoints.filter { $0.identity != lost })
    for (old, new) in zip(before, after) where old != lost { #expect(old == new) }
    // The order of the list does not matter.
    #expect(Self.places(endpoints.reversed()) == before)
  }

  @Test("The dealing is part of the contract: these keys stay where they are")
  func stable() {
    var balancer = LoadBalancer(.consistentHash)
    let endpoints = Self.endpoints(4)
    let picks = (0..<12).compactMap { balancer.pick(endpoints, key: UInt64($0) << 40 | 7) }
    #expect(picks == Self.contract)
  }

  private static let contract = [0, 2, 2, 3, 0, 3, 2, 2, 0, 0, 0, 2]

  @Test("A hot key spills over once its endpoint has a quarter more than the average")
  func boundedLoad() {
    var balancer = LoadBalancer(.consistentHash)
    var endpoints = Self.endpoints(4)
    for _ in 0..<400 {
      guard let pick = balancer.pick(endpoints, key: 99) else { continue }
      endpoints[pick].load += 1
    }
    let loads = endpoints.map(\.load)
    #expect(loads.reduce(0, +) == 400)
    #expect((loads.max() ?? 0) <= 400 / 4 * 5 / 4 + 1, "\(loads)")
  }
}
