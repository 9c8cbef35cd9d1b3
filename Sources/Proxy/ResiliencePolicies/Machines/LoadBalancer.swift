// SPDX-License-Identifier: Apache-2.0

/// What a load balancer has to know of an endpoint.
package protocol BalancedEndpoint {
  /// A number that stays with the endpoint's address.
  var identity: UInt64 { get }
  /// Requests under way.
  var load: Int { get }
  /// It may be chosen.
  var isUsable: Bool { get }
}

/// Deals requests to endpoints. Inlinable, since it runs for each request over another module's
/// endpoints.
package struct LoadBalancer: Sendable {
  /// An endpoint may have this many times the average load, and one request, before its keys go
  /// to others; in quarters.
  @usableFromInline static let mostQuarters = 5

  package let balance: Balance
  @usableFromInline var next = 0

  package init(_ balance: Balance) { self.balance = balance }

  /// The index of an endpoint; nil when none is usable.
  ///
  /// - Parameters:
  ///   - key: hash of what requests are to be kept together by.
  ///   - avoided: the index of one that is taken only when no other is usable.
  @inlinable package mutating func pick(
    _ candidates: [some BalancedEndpoint], key: UInt64, avoiding avoided: Int? = nil
  ) -> Int? {
    if candidates.count == 1 { return candidates[0].isUsable ? 0 : nil }
    let choice =
      switch balance {
      case .roundRobin: turn(candidates, avoided)
      case .leastRequests: leastLoaded(candidates, avoided)
      case .consistentHash: hashed(candidates, key, avoided)
      }
    if let choice { return choice }
    if let avoided, candidates.indices.contains(avoided), candidates[avoided].isUsable {
      return avoided
    }
    return nil
  }

  @inlinable mutating func turn(_ candidates: [some BalancedEndpoint], _ avoided: Int?) -> Int? {
    for _ in candidates.indices {
      let index = next < candidates.count ? next : 0
      next = index &+ 1
      if candidates[index].isUsable, index != avoided { return index }
    }
    return nil
  }

  /// Equals take turns.
  @inlinable mutating func leastLoaded(_ candidates: [some BalancedEndpoint], _ avoided: Int?)
    -> Int?
  {
    var best: Int?
    var index = next < candidates.count ? next : 0
    for _ in candidates.indices {
      let candidate = candidates[index]
      if candidate.isUsable, index != avoided {
        if let found = best {
          if candidate.load < candidates[found].load { best = index }
        } else {
          best = index
        }
      }
      index = index &+ 1 == candidates.count ? 0 : index &+ 1
    }
    if let best { next = best &+ 1 }
    return best
  }

  /// Rendezvous hashing: the highest of `mix(identity, key)` wins, so an endpoint that goes away
  /// moves its own keys only, and one that comes takes an equal share from each. The choice among
  /// the same endpoints is the same in every process and version. An endpoint with more than its
  /// share of the load is passed over.
  @inlinable func hashed(_ candidates: [some BalancedEndpoint], _ key: UInt64, _ avoided: Int?)
    -> Int?
  {
    var usable = 0
    var load = 0
    for (index, candidate) in candidates.enumerated() where candidate.isUsable && index != avoided {
      usable += 1
      load += candidate.load
    }
    if usable == 0 { return nil }
    let most = (load * Self.mostQuarters / 4) / usable + 1
    var best: (index: Int, score: UInt64)?
    for (index, candidate) in candidates.enumerated()
    where candidate.isUsable && index != avoided && candidate.load <= most {
      let score = Self.mix(candidate.identity, key)
      if best.map({ score > $0.score }) ?? true { best = (index, score) }
    }
    return best?.index
  }

  /// The finalizer of SplitMix64 over both.
  @inlinable static func mix(_ identity: UInt64, _ key: UInt64) -> UInt64 {
    var mixed = identity ^ (key &* 0x9E37_79B9_7F4A_7C15)
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// FNV-1a of an endpoint's address as text: the same in every process and version.
  package static func identity(of text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
