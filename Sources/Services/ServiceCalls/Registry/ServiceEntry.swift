// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A service as callers know it: its name, and where its instances are now.
///
/// Whoever finds out that instances came or went replaces the endpoints; clients of the entry
/// notice with their next attempt. What is under way goes on.
public final class ServiceEntry: Sendable {
  /// The service's name, for errors and logs.
  public let name: String
  private let state: Mutex<(version: UInt64, endpoints: [RankedEndpoint])>

  /// Creates an entry; without endpoints, calls fail until there are some.
  public init(_ name: String, endpoints: [ServiceEndpoint] = []) {
    self.name = name
    state = Mutex((1, Self.distinct(endpoints.map { RankedEndpoint($0) })))
  }

  /// Where the instances are.
  public var endpoints: [ServiceEndpoint] { state.withLock { $0.endpoints.map(\.endpoint) } }

  /// Replaces the endpoints, all of the same rank; an endpoint that stays keeps its breaker.
  public func replace(_ endpoints: [ServiceEndpoint]) {
    replace(ranked: endpoints.map { RankedEndpoint($0) })
  }

  /// The same with ranks.
  public func replace(ranked endpoints: [RankedEndpoint]) {
    let endpoints = Self.distinct(endpoints)
    state.withLock { state in
      if endpoints == state.endpoints { return }
      state = (state.version + 1, endpoints)
    }
  }

  /// The endpoints, if they are not those of that version any more.
  package func changes(since version: UInt64) -> (version: UInt64, endpoints: [RankedEndpoint])? {
    state.withLock { $0.version == version ? nil : $0 }
  }

  /// In the same order, each once.
  private static func distinct(_ endpoints: [RankedEndpoint]) -> [RankedEndpoint] {
    var seen: Set<ServiceEndpoint> = []
    return endpoints.filter { seen.insert($0.endpoint).inserted }
  }
}
