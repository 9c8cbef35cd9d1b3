// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// One worker's view of one endpoint.
final class EndpointSeat: BalancedEndpoint {
  /// As configured.
  let name: NetworkAddress
  /// What to connect to.
  let address: NetworkAddress
  let identity: UInt64
  /// The index of the endpoint's pool within the worker.
  let slot: Int
  /// Requests of this worker under way.
  @exclusivity(unchecked) var load = 0
  @exclusivity(unchecked) var isWell: Bool
  /// Successes that nobody was told of yet.
  @exclusivity(unchecked) var untold: UInt32 = 0
  /// It is no endpoint of the upstream any more.
  @exclusivity(unchecked) var isRetired = false
  private let capacity: Int

  init(_ endpoint: UpstreamView.Endpoint, slot: Int, capacity: Int) {
    name = endpoint.name
    address = endpoint.address
    identity = endpoint.identity
    isWell = endpoint.isUsable
    self.slot = slot
    self.capacity = capacity
  }

  var isUsable: Bool { isWell && load < capacity }
}
