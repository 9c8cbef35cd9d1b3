// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the proxy takes new connections; set by its server, read by health checks.
public final class ProxyReadiness: Sendable {
  /// The stages of a proxy's life, in order.
  public enum State: UInt8, Sendable {
    /// The listener is not bound yet.
    case starting
    /// New connections are taken.
    case ready
    /// Shutting down: requests in flight are finished, new connections refused.
    case draining
  }

  private let raw = Atomic<UInt8>(State.starting.rawValue)

  /// Starts in `.starting`.
  public init() {}

  /// The stage reached.
  public var state: State { State(rawValue: raw.load(ordering: .acquiring)) ?? .starting }

  /// Moves on to a later stage; a stage passed never comes back.
  public func advance(to state: State) {
    _ = raw.max(state.rawValue, ordering: .releasing)
  }
}
