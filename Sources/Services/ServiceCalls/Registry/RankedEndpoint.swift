// SPDX-License-Identifier: Apache-2.0

/// An endpoint and when it is chosen among those of its service, as SRV records say it (RFC 2782).
public struct RankedEndpoint: Sendable, Hashable {
  /// The endpoint.
  public let endpoint: ServiceEndpoint
  /// Endpoints get requests while none of a smaller number may.
  public let priority: Int
  /// Share of the requests among endpoints of the same priority, where their weights differ: then
  /// they decide instead of the policy's balance. Where they are the same, the balance does.
  public let weight: Int

  /// Creates an endpoint with its rank.
  public init(_ endpoint: ServiceEndpoint, priority: Int = 0, weight: Int = 1) {
    self.endpoint = endpoint
    self.priority = priority
    self.weight = max(0, weight)
  }

  /// The index of one of some weights: each as often as its weight says, and one of weight 0 hardly
  /// ever; the sum that runs up to it is the first that is no less than a number drawn of 0 to the
  /// sum of all, those of weight 0 first.
  ///
  /// - Parameter draw: a random number.
  package static func choice(among weights: [Int], draw: UInt64) -> Int? {
    let sum = weights.reduce(0, +)
    let number = Int(draw.multipliedFullWidth(by: UInt64(sum) + 1).high)
    var running = 0
    if number == 0, let index = weights.firstIndex(of: 0) { return index }
    for (index, weight) in weights.enumerated() {
      running += weight
      if weight > 0, running >= number { return index }
    }
    return weights.indices.last
  }
}
