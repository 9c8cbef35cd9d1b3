// SPDX-License-Identifier: Apache-2.0
import BadReleases
import Foundation
import Testing

/// Bad releases at 10 % behind the real proxy, one of each kind, and an equal one whose answers are
/// noisy, all at once. The bad ones are worse than those by which `bad-release-trial` measures how
/// soon they are taken back: here it only has to happen, on a machine that does other things too.
@Suite(.timeLimit(.minutes(3)))
struct BadReleaseTests {
  private static let faults: [Fault] = [
    .errors, .wrong, .hangs, .incident, .silence, .noneNoisy,
  ]

  private static var pace: TrialPace {
    var pace = TrialPace()
    // Six proxies of a debug build share the machine.
    pace.requestsPerSecond = 40
    pace.errors = 3_000
    pace.wrong = 3_000
    pace.healthy = [.hangs: 5, .incident: 5, .silence: 5]
    // No stage is shorter than a minute, and this test is: that silence promotes nothing then is
    // for the program and for the tests of the machine.
    pace.watch = 40
    pace.patience = 90
    return pace
  }

  @Test func `what is to blame is taken back, with the evidence, and nothing else is`() async throws
  {
    let outcomes = try await Self.outcomes()
    #expect(Set(outcomes.map(\.fault)) == Set(Self.faults))
    for outcome in outcomes {
      #expect(outcome.isAsDemanded, "\(outcome)")
      #expect(outcome.fault == .silence || outcome.sent > 100, "\(outcome)")
      #expect(outcome.fault.isOfRelease || !outcome.reason.isEmpty, "\(outcome)")
    }
  }

  private static func outcomes() async throws -> [TrialOutcome] {
    try await withThrowingTaskGroup(of: TrialOutcome.self) { group in
      for (index, fault) in faults.enumerated() {
        group.addTask {
          try await Trial.run(
            fault, program: Executable.strangler.url.path(percentEncoded: false), pace: pace,
            seed: UInt64(100 + index))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
