// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("Bulkhead", .timeLimit(.minutes(1)))
struct BulkheadTests {
  private let clock = ManualCallClock()
  private let entered = Counter()
  private let released = Counter()
  /// Requests at the service at the same time: now, and the most.
  private let crowd = Recorder((now: 0, most: 0))

  private func service() async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.get("/") { _, _ in
        crowd.change { crowd in
          crowd.now += 1
          crowd.most = max(crowd.most, crowd.now)
        }
        entered.add()
        await released.has(1)
        crowd.change { $0.now -= 1 }
        return Response.text(.ok, "7")
      }
    }
  }

  private func policy(_ bulkhead: BulkheadRules) -> ServiceCallPolicy {
    var policy = ServiceCallPolicy.eager
    policy.bulkhead = bulkhead
    return policy
  }

  @Test("Two are under way, one waits, and the fourth is refused at once")
  func full() async throws {
    let service = try await service()
    let rules = BulkheadRules(inFlight: 2, queue: 1, wait: .milliseconds(500))
    try await withClient([service.endpoint], policy(rules), clock: clock) { client in
      async let first = client.get("/", as: Int.self)
      async let second = client.get("/", as: Int.self)
      await entered.has(2)
      async let third = client.get("/", as: Int.self)
      await clock.sleeper(until: 1_000_500...1_000_500)
      let fourth = await failure { () throws(ServiceCallError) in
        try await client.post("/", json: 1)
      }
      #expect(fourth?.source == .bulkheadFull)
      #expect(fourth?.attempts == 0)
      #expect(fourth?.retry == .safe(after: .zero))
      #expect(entered.count == 2)
      released.add()
      let answer = try await [first, second, third]
      #expect(answer == [7, 7, 7])
      #expect(crowd.value.most == 2)
    }
    await service.stop()
  }

  @Test(
    "Who waits for too long, or is cancelled, gets no place and takes none",
    arguments: [true, false])
  func waitEnds(byTime: Bool) async throws {
    let service = try await service()
    let rules = BulkheadRules(inFlight: 1, queue: 1, wait: .milliseconds(500))
    try await withClient([service.endpoint], policy(rules), clock: clock) { client in
      async let first = client.get("/", as: Int.self)
      await entered.has(1)
      let second = Task {
        await failure { () throws(ServiceCallError) in try await client.get("/", as: Int.self) }
      }
      await clock.sleeper(until: 1_000_500...1_000_500)
      if byTime { clock.advance(milliseconds: 500) } else { second.cancel() }
      let error = await second.value
      #expect(error?.source == (byTime ? .bulkheadFull : .cancelled))
      #expect(error?.attempts == 0)
      released.add()
      let answers = [try await first, try await client.get("/", as: Int.self)]
      #expect(answers == [7, 7])
      #expect(crowd.value.most == 1)
    }
    await service.stop()
  }

  @Test("Of two hundred at once all are answered, four at a time")
  func storm() async throws {
    let service = try await service()
    let rules = BulkheadRules(inFlight: 4, queue: 200, wait: .seconds(60))
    var policy = policy(rules)
    policy.total = .seconds(60)
    try await withClient([service.endpoint], policy) { client in
      async let answers = withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<200 { group.addTask { try await client.get("/", as: Int.self) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await entered.has(4)
      released.add()
      let all = try await answers
      #expect(all == Array(repeating: 7, count: 200))
    }
    #expect(entered.count == 200)
    #expect(crowd.value.most == 4)
    await service.stop()
  }
}
