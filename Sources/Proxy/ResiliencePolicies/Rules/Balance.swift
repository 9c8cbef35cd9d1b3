// SPDX-License-Identifier: Apache-2.0

/// How requests are dealt to the endpoints of an upstream.
public enum Balance: String, Sendable, Equatable, CaseIterable {
  /// In turns.
  case roundRobin = "round-robin"
  /// To the endpoint with the fewest requests under way, as far as the worker knows.
  case leastRequests = "least-requests"
  /// The same key to the same endpoint, while it is there and not overloaded.
  case consistentHash = "consistent-hash"
}
