// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions

extension ProxyConfiguration {
  /// The same with other policies for one upstream.
  func policies(
    of upstream: String, _ change: (inout UpstreamPolicies) -> Void
  ) -> ProxyConfiguration {
    var configuration = self
    for index in configuration.upstreams.indices
    where configuration.upstreams[index].name == upstream {
      change(&configuration.upstreams[index].policies)
    }
    return configuration
  }
}

extension RunningProxy {
  /// Asks again and again until the state of an upstream is as wished; the test's time limit ends
  /// what never happens.
  func waits(
    for upstream: String, until isReached: (UpstreamSnapshot) -> Bool,
    meanwhile: () async throws -> Void = {}
  ) async throws {
    while true {
      let found = server.upstreams.snapshot().first { $0.name == upstream }
      if let found, isReached(found) { return }
      try Task.checkCancellation()
      try await meanwhile()
      await Task.yield()
    }
  }
}
