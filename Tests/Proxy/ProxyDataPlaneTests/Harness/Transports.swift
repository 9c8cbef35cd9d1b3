// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

/// Runs each test of a suite once for every transport of the platform.
struct EveryTransport: SuiteTrait, TestTrait, TestScoping {
  /// The transport that proxies of the test at hand run on.
  @TaskLocal static var current = TransportKind.standard

  var isRecursive: Bool { true }

  func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
    testCase == nil ? nil : self
  }

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    for transport in TransportKind.available {
      do {
        try await Self.$current.withValue(transport) { try await function() }
      } catch {
        Issue.record(error, "on \(transport.rawValue)")
      }
    }
  }
}

extension Trait where Self == EveryTransport {
  static var everyTransport: Self { EveryTransport() }
}
