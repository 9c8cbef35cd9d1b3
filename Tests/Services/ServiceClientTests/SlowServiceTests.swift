// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("A service that is slow", .timeLimit(.minutes(1)))
struct SlowServiceTests {
  private let clock = ManualCallClock()
  private let asked = Counter()
  private let released = Counter()

  /// Answers the first requests once it is released, and the others at once.
  private func service(slow: Int) async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.get("/") { [asked, released] _, _ in
        if asked.add() <= slow { await released.has(1) }
        return Response.text(.ok, "7")
      }
    }
  }

  @Test("A call takes five seconds at most, and uses them up where one attempt may")
  func total() async throws {
    let service = try await service(slow: 9)
    try await withClient([service.endpoint], clock: clock) { client in
      async let error = failure { () throws(ServiceCallError) in
        try await client.get("/", as: Int.self)
      }
      await asked.has(1)
      await clock.sleeper(until: 1_005_000...1_005_000)
      clock.advance(milliseconds: 5_000)
      let failed = await error
      #expect(failed?.source == .timeout(.total))
      #expect(failed?.attempts == 1)
      #expect(failed?.retry == .safe(after: .zero))
      #expect(asked.count == 1)
    }
    released.add()
    await service.stop()
  }

  @Test("With a limit for each attempt there is time for another one")
  func perTry() async throws {
    let service = try await service(slow: 1)
    var policy = ServiceCallPolicy.eager
    policy.retries.perTry = .milliseconds(700)
    try await withClient([service.endpoint], policy, clock: clock) { client in
      async let call = client.get("/", as: Int.self)
      await asked.has(1)
      await clock.sleeper(until: 1_000_700...1_000_700)
      clock.advance(milliseconds: 700)
      let answer = try await call
      #expect(answer == 7)
      #expect(asked.count == 2)
    }
    released.add()
    await service.stop()
  }

  @Test("An attempt that ran out of its time may have done its work")
  func perTryOfPost() async throws {
    let listener = try await BareListener(.isSilent)
    var policy = ServiceCallPolicy.eager
    policy.retries.perTry = .milliseconds(700)
    try await withClient([listener.endpoint], policy, clock: clock) { client in
      async let error = failure { () throws(ServiceCallError) in
        try await client.post("/", json: 1)
      }
      await clock.sleeper(until: 1_000_700...1_000_700)
      clock.advance(milliseconds: 700)
      let failed = await error
      #expect(failed?.source == .timeout(.attempt))
      #expect(failed?.attempts == 1)
      #expect(failed?.retry == .unsafe)
    }
  }

  @Test("A body that does not end is cut off as an answer that does not begin is")
  func body() async throws {
    let listener = try await BareListener(.stalls("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12"))
    try await withClient([listener.endpoint], clock: clock) { client in
      async let error = failure { () throws(ServiceCallError) in
        try await client.get("/", as: Int.self)
      }
      await clock.sleeper(until: 1_005_000...1_005_000)
      clock.advance(milliseconds: 5_000)
      #expect(await error?.source == .timeout(.total))
    }
  }

  @Test("A service that says when it can answer is asked then, and no sooner")
  func retryAfter() async throws {
    let service = try await ServiceUnderTest { router in
      router.get("/") { [asked] _, _ in
        asked.add() == 1
          ? Response.text(.serviceUnavailable, "", [.retryAfter: "2"]) : Response.text(.ok, "7")
      }
    }
    try await withClient([service.endpoint], clock: clock) { client in
      async let call = client.get("/", as: Int.self)
      await clock.sleeper(until: 1_002_000...1_002_000)
      #expect(asked.count == 1)
      clock.advance(milliseconds: 2_000)
      let answer = try await call
      #expect(answer == 7)
    }
    await service.stop()
  }

  @Test("Who would have to wait for longer than there is time gets the answer at once")
  func retryAfterTooLong() async throws {
    let service = try await ServiceUnderTest { router in
      router.get("/") { [asked] _, _ in
        asked.add()
        return Response.text(.serviceUnavailable, "", [.retryAfter: "5"])
      }
    }
    try await withClient([service.endpoint], clock: clock) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.get("/", as: Int.self)
      }
      #expect(error?.source == .status(503))
      #expect(error?.attempts == 1)
      #expect(error?.retry == .safe(after: .seconds(5)))
      #expect(asked.count == 1)
    }
    await service.stop()
  }

  @Test(
    "A caller that gives up ends the call, under way and between attempts",
    arguments: [true, false])
  func cancellation(isUnderWay: Bool) async throws {
    let service = try await ServiceUnderTest { router in
      router.get("/") { [asked, released] _, _ in
        asked.add()
        if isUnderWay { await released.has(1) }
        return Response.text(.serviceUnavailable, "", [.retryAfter: "1"])
      }
    }
    try await withClient([service.endpoint], clock: clock) { client in
      let call = Task {
        await failure { () throws(ServiceCallError) in try await client.get("/", as: Int.self) }
      }
      await asked.has(1)
      if !isUnderWay { await clock.sleeper(until: 1_001_000...1_001_000) }
      call.cancel()
      let error = await call.value
      #expect(error?.source == .cancelled)
      #expect(error?.attempts == 1)
    }
    released.add()
    await service.stop()
  }
}
