// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyDataPlane
import Testing

@Suite(.timeLimit(.minutes(1))) struct HealthTests {
  @Test func readyOnlyBetweenBindingAndDraining() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let starting = try await client.send(.get, "/health/ready")
      #expect(starting.status == 503)
      #expect(starting.body.contains("starting"))
      harness.readiness.advance(to: .ready)
      #expect(try await client.send(.get, "/health/ready").status == 200)
      harness.readiness.advance(to: .draining)
      let draining = try await client.send(.get, "/health/ready")
      #expect(draining.status == 503)
      #expect(draining.body.contains("draining"))
      harness.readiness.advance(to: .ready)
      #expect(harness.readiness.state == .draining)
      #expect(try await client.send(.get, "/health/live").status == 200)
      #expect(try await client.send(.head, "/health/live").status == 200)
    }
  }
}
