// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("Breakers of endpoints", .timeLimit(.minutes(1)))
struct BreakerTests {
  private let clock = ManualCallClock()
  private let asked = Counter()
  private let isWell = Recorder(false)

  @Test("Five failures open it, thirty seconds later two successes close it")
  func openAndClosed() async throws {
    let service = try await service()
    try await withClient([service.endpoint], clock: clock) { client in
      for _ in 0..<5 { #expect(await source(client) == .status(500)) }
      #expect(await source(client) == .breakerOpen)
      clock.advance(milliseconds: 29_990)
      let refused = await failure { () throws(ServiceCallError) in
        try await client.get("/", as: Int.self)
      }
      #expect(refused?.source == .breakerOpen)
      #expect(refused?.attempts == 0)
      #expect(refused?.retry == .safe(after: .milliseconds(10)))
      #expect(asked.count == 5)

      // The first one that tries fails.
      clock.advance(milliseconds: 10)
      #expect(await source(client) == .status(500))
      #expect(await source(client) == .breakerOpen)
      #expect(asked.count == 6)

      clock.advance(milliseconds: 30_000)
      isWell.change { $0 = true }
      for _ in 0..<2 { #expect(await source(client) == nil) }
      isWell.change { $0 = false }
      // Closed: it takes five again.
      for _ in 0..<5 { #expect(await source(client) == .status(500)) }
      #expect(await source(client) == .breakerOpen)
      #expect(asked.count == 13)
    }
    await service.stop()
  }

  @Test("A call whose attempts open it ends with what the last of them got")
  func opensDuringCall() async throws {
    let listener = try await BareListener(.resets)
    try await withClient([listener.endpoint], clock: clock) { client in
      let first = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(first?.attempts == 3)
      let second = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(second?.source == .connectionLost)
      #expect(second?.attempts == 2)
      #expect(listener.requests == 5)
      let third = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(third?.source == .breakerOpen)
      #expect(listener.requests == 5)
    }
  }

  @Test(
    "One dead endpoint of two costs no call anything, and is left alone once its breaker is open")
  func deadEndpoint() async throws {
    isWell.change { $0 = true }
    let service = try await service()
    let dead = try await BareListener(.resets)
    try await withClient([dead.endpoint, service.endpoint], clock: clock) { client in
      for _ in 0..<40 { #expect(await source(client) == nil) }
      #expect(dead.requests == 5)
      #expect(asked.count == 40)
    }
    await service.stop()
  }

  @Test("Without a breaker everything is sent")
  func none() async throws {
    let service = try await service()
    var policy = ServiceCallPolicy.eager
    policy.breaker = nil
    policy.bulkhead = nil
    try await withClient([service.endpoint], policy, clock: clock) { client in
      for _ in 0..<20 { #expect(await source(client) == .status(500)) }
      #expect(asked.count == 20)
    }
    await service.stop()
  }

  private func service() async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.get("/") { _, _ in
        asked.add()
        return isWell.value ? Response.text(.ok, "1") : Response.text(.internalServerError)
      }
    }
  }

  private func source(_ client: ServiceClient) async -> ServiceCallError.Source? {
    await failure { () throws(ServiceCallError) in try await client.get("/", as: Int.self) }?.source
  }
}
