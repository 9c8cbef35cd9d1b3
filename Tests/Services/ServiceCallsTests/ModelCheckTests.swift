// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResilienceModels
import Testing

/// `.ci/resilience` runs a million sequences of each in a release build.
@Suite("Machines beside simulations of them", .timeLimit(.minutes(5)))
struct ModelCheckTests {
  private static let sequences =
    ProcessInfo.processInfo.environment["MODEL_SEQUENCES"].flatMap { Int($0) } ?? 5_000

  @Test("Circuit breaker") func breaker() { Self.check(BreakerCheck.self) }
  @Test("Bulkhead") func bulkhead() { Self.check(BulkheadCheck.self) }
  @Test("Retries of calls") func retries() { Self.check(RetryCheck.self) }

  private static func check(_ check: any ModelCheck.Type) {
    let result = check.run(sequences: sequences, seed: .random(in: 0...UInt64.max / 2))
    #expect(result.difference == nil)
    #expect(result.sequences == sequences)
    #expect(result.events > sequences)
  }
}
