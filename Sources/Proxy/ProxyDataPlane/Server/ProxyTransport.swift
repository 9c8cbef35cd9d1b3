// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// What carries a server's bytes: listeners, loops, and the connections on them.
protocol ProxyTransport: Sendable {
  /// Binds the listener and begins to accept.
  ///
  /// - Returns: the address with the port in use.
  /// - Throws: `ProxyServerError`; nothing is left behind then but `shutDown` to call.
  func start() async throws -> NetworkAddress
  /// Makes what a change brought known to every worker; returns once it is.
  func adopt(_ change: WorkerChange) async
  /// No request is decided for these upstreams any more: their connections close when idle.
  func retire(_ upstreams: [Int]) async
  /// Accepts no more; connections that the system accepted already are still taken.
  func stopListening() async
  /// Lets every connection end after its answer, and cuts those left when `limit` is over. Returns
  /// once that is in force.
  func beginDrain(limit: Duration) async
  /// Returns once no connection is left.
  func drained() async
  /// Closes what is open and ends all threads.
  func shutDown() async
}

extension ProxyServerError {
  static let cannotTakeOver = ProxyServerError(
    code: .cannotTakeOver,
    message:
      "Only the transport epoll takes a port over. Set proxy.transport to epoll, or stop the "
      + "older process first.")

  static func cannotListen(on address: NetworkAddress, _ reason: String) -> ProxyServerError {
    ProxyServerError(
      code: .bindFailed,
      message: "Cannot listen on \(address): \(reason). Choose another address with "
        + "proxy.listen, or stop what uses this one.")
  }
}
