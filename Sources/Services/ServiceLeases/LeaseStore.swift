// SPDX-License-Identifier: Apache-2.0

/// Where several proxies keep the leases that they share.
package protocol LeaseStore: Sendable {
  /// Writes that an instance is there from now on, for so long.
  ///
  /// - Throws: `LeaseTable.Refusal`, or why the store cannot be used.
  func renew(_ name: InstanceName, at address: InstanceAddress, term: Int) async throws

  /// An instance leaves.
  ///
  /// - Parameter renewedBefore: only if it was last renewed that many milliseconds ago or longer:
  ///   one that came back meanwhile stays.
  /// - Returns: whether it was there.
  func remove(_ name: InstanceName, renewedBefore age: UInt64) async throws -> Bool

  /// All leases, those that ended a short while ago included.
  func leases() async throws -> [StoredLease]

  /// Raised whenever somebody else wrote.
  var news: AsyncStream<Void> { get }

  /// Ends its connections.
  func close() async
}
