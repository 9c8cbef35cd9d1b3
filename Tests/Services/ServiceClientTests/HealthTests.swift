// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdServices
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceLifecycle
import ServiceLifecycleTestKit
import ServiceTesting
import Testing

@Suite("Health of a service", .timeLimit(.minutes(1)))
struct HealthTests {
  private struct NotThere: Error {}

  private let clock = ManualCallClock()

  /// What `/livez` and `/readyz` say.
  private func states(_ client: ServiceClient) async throws -> [String] {
    var states: [String] = []
    for path in ["/livez", "/readyz"] {
      let answer = try await client.send(ServiceRequest(.get, path))
      states.append("\(answer.status.code) \(String(decoding: answer.body, as: UTF8.self))")
    }
    return states
  }

  private var once: ServiceCallPolicy { ServiceCallPolicy(retries: .off, breaker: nil) }

  @Test("It is ready while all that it needs is there, and lives in any case")
  func checks() async throws {
    let isThere = Recorder(true)
    let check: ServiceHealth.Check = { if !isThere.value { throw NotThere() } }
    let health = ServiceHealth(checks: ["database": check, "disk": {}], clock: clock)
    let service = try await ServiceUnderTest { health.addRoutes(to: $0) }
    try await withClient([service.endpoint], once) { client in
      let before = try await states(client)
      #expect(before == ["200 alive\n", "200 ready\n"])
      isThere.change { $0 = false }
      let after = try await states(client)
      #expect(after == ["200 alive\n", "503 not ready: database\n"])
    }
    await service.stop()
  }

  @Test("A check that takes too long has failed")
  func slowCheck() async throws {
    let begun = Counter()
    let health = ServiceHealth(
      checks: [
        "database": { [clock] in
          begun.add()
          try await clock.sleep(until: .max)
        }
      ], timeout: .seconds(1), clock: clock)
    let service = try await ServiceUnderTest { health.addRoutes(to: $0) }
    try await withClient([service.endpoint], once) { client in
      async let states = states(client)
      await begun.has(1)
      await clock.sleeper(until: 1_001_000...1_001_000)
      clock.advance(milliseconds: 1_000)
      let seen = try await states
      #expect(seen == ["200 alive\n", "503 not ready: database\n"])
    }
    await service.stop()
  }

  @Test("Asked to end, it is not ready any more and still answers for a while")
  func draining() async throws {
    let health = ServiceHealth(drain: .seconds(5), clock: clock)
    let service = try await ServiceUnderTest { health.addRoutes(to: $0) }
    try await withClient([service.endpoint], once) { client in
      try await testGracefulShutdown { trigger in
        let ended = Counter()
        async let running: Void = {
          await health.run()
          ended.add()
        }()
        let before = try await states(client)
        #expect(before.last == "200 ready\n")
        trigger.triggerGracefulShutdown()
        await clock.sleeper(until: 1_005_000...1_005_000)
        let after = try await states(client)
        #expect(after == ["200 alive\n", "503 draining\n"])
        #expect(ended.count == 0)
        clock.advance(milliseconds: 5_000)
        await running
        #expect(ended.count == 1)
      }
    }
    await service.stop()
  }
}
