// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import BadReleases
import Foundation
import Testing

/// Bad releases at 10 % behind the real proxy, one of each kind. How soon they are taken back is
/// measured by `bad-release-trial`; here it only has to happen.
@Suite(.timeLimit(.minutes(5)))
struct BadReleaseTests {
  @Test func `what is to blame is taken back, with the evidence, and nothing else is`() async throws
  {
    // Six proxies of a debug build share the machine.
    var pace = TrialPace()
    pace.requestsPerSecond = 100
    pace.slowdown = 5
    pace.healthy[.latency] = 20
    pace.patience = 90
    let client = Trial.client()
    let outcomes: [TrialOutcome]
    do {
      outcomes = try await trials(pace, client)
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
    for outcome in outcomes {
      #expect(outcome.isAsDemanded, "\(outcome)")
      #expect(outcome.sent > 1_000, "\(outcome)")
    }
    let errors = outcomes.first { $0.fault == .errors }
    // Three times what is demanded of a median.
    #expect((errors?.bad ?? .max) <= 36)
  }

  private func trials(_ pace: TrialPace, _ client: HTTPClient) async throws -> [TrialOutcome] {
    try await withThrowingTaskGroup(of: TrialOutcome.self) { group in
      for (index, fault) in Fault.allCases.enumerated() {
        group.addTask {
          try await Trial.run(
            fault, program: Executable.strangler.url.path(percentEncoded: false), pace: pace,
            seed: UInt64(100 + index), client: client)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
