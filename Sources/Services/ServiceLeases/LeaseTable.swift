// SPDX-License-Identifier: Apache-2.0

/// Which instances are there: each for as long as its lease lasts, unless it is renewed.
///
/// Times are milliseconds of one clock that never goes back. A lease is a promise of both sides:
/// the instance renews it in time, and somebody is there to take that. Where nobody looked at the
/// table for longer than `longestSilence`, because the process was stopped or the store could not
/// be reached, the second half was broken, and every lease that is known begins anew: an outage of
/// the registry takes no instance away.
package struct LeaseTable: Sendable {
  /// How long a lease may last, in seconds.
  package static let terms = 5...300
  /// Instances of one service, and of all together, at most.
  package static let instancesOfService = 256
  package static let instances = 4_096
  /// Longest time between two looks that is none to be made up for. The shortest lease is renewed
  /// every 1.7 s, so that it outlasts a silence that is not noticed.
  package static let longestSilence: UInt64 = 2_500

  package struct Lease: Sendable, Equatable {
    package let address: InstanceAddress
    /// Seconds.
    package let term: Int
    /// When it ends unless it is renewed.
    package fileprivate(set) var end: UInt64

    fileprivate mutating func beginAnew(at now: UInt64) {
      end = max(end, now + UInt64(term) * 1_000)
    }
  }

  /// Why an instance is not taken.
  package enum Refusal: Error, Sendable, Equatable {
    case serviceIsFull, isFull
  }

  package private(set) var leases: [InstanceName: Lease] = [:]
  private var counts: [String: Int] = [:]
  private var lookedAt: UInt64?
  /// Since when no silence was to be made up for.
  private var steadySince: UInt64?

  package init() {}

  /// An instance registers or renews its lease, which are the same.
  ///
  /// - Returns: whether it was not there, or elsewhere.
  @discardableResult
  package mutating func renew(
    _ name: InstanceName, at address: InstanceAddress, term: Int, now: UInt64
  ) throws(Refusal) -> Bool {
    let known = leases[name]
    if known == nil {
      if counts[name.service, default: 0] >= Self.instancesOfService { throw .serviceIsFull }
      if leases.count >= Self.instances { throw .isFull }
    }
    let end = now + UInt64(term) * 1_000
    set(name, Lease(address: address, term: term, end: end))
    return known?.address != address
  }

  /// An instance leaves. Returns whether it was there.
  @discardableResult
  package mutating func remove(_ name: InstanceName) -> Bool {
    guard leases.removeValue(forKey: name) != nil else { return false }
    counts[name.service, default: 0] -= 1
    if counts[name.service] == 0 { counts[name.service] = nil }
    return true
  }

  /// Looks at the time; those whose leases have ended are not there any more.
  ///
  /// - Returns: their names, in order.
  @discardableResult
  package mutating func advance(to now: UInt64) -> [InstanceName] {
    makeUpForSilence(at: now)
    let ended = leases.filter { $0.value.end <= now }.keys.sorted(by: Self.precedes)
    for name in ended { remove(name) }
    return ended
  }

  /// Every instance that lives had the time to say so since the last silence, or the start.
  package func isComplete(at now: UInt64) -> Bool {
    guard let steadySince, let lookedAt, now <= lookedAt + Self.longestSilence else { return false }
    return now >= steadySince + UInt64(Self.terms.upperBound) * 1_000
  }

  private mutating func makeUpForSilence(at now: UInt64) {
    if let lookedAt, now > lookedAt + Self.longestSilence {
      for name in leases.keys { leases[name]?.beginAnew(at: now) }
      steadySince = now
    }
    steadySince = steadySince ?? now
    lookedAt = now
  }

  private mutating func set(_ name: InstanceName, _ lease: Lease) {
    if leases.updateValue(lease, forKey: name) == nil { counts[name.service, default: 0] += 1 }
  }

  /// Where a service's instances are, in an order that does not change from one look to the next.
  package func addresses(of service: String) -> [InstanceAddress] {
    leases.filter { $0.key.service == service }.sorted { Self.precedes($0.key, $1.key) }
      .map(\.value.address)
  }

  /// Those of every service that has any.
  package var addresses: [String: [InstanceAddress]] {
    leases.sorted { Self.precedes($0.key, $1.key) }
      .reduce(into: [:]) { $0[$1.key.service, default: []].append($1.value.address) }
  }

  package static func precedes(_ left: InstanceName, _ right: InstanceName) -> Bool {
    (left.service, left.instance) < (right.service, right.instance)
  }
}

// MARK: - A table that others share

/// What a store that several proxies share says of one lease.
package struct StoredLease: Sendable, Equatable {
  package let name: InstanceName
  package let address: InstanceAddress
  /// Seconds.
  package let term: Int
  /// Milliseconds since it was renewed.
  package let age: UInt64

  package init(_ name: InstanceName, at address: InstanceAddress, term: Int, age: UInt64) {
    self.name = name
    self.address = address
    self.term = term
    self.age = age
  }
}

extension LeaseTable {
  /// What came of a look at the store.
  package struct Taken: Sendable, Equatable {
    /// Those whose leases have ended, in order.
    package var ended: [InstanceName]
    /// What the store need not keep any more.
    package var stale: [StoredLease]

    package init(ended: [InstanceName] = [], stale: [StoredLease] = []) {
      (self.ended, self.stale) = (ended, stale)
    }
  }

  /// Takes over what the store says, all of it. What it does not name has left; what it names and
  /// has ended there is kept only where it was known, and nobody could be told that it lives.
  package mutating func take(_ stored: [StoredLease], at now: UInt64) -> Taken {
    makeUpForSilence(at: now)
    for name in Set(leases.keys).subtracting(stored.map(\.name)) { remove(name) }
    for row in stored {
      let term = UInt64(row.term) * 1_000
      let left = term > row.age ? term - row.age : 0
      let known = leases[row.name]
      if left == 0, known == nil { continue }
      // What was said to it meanwhile reaches further than what was read before.
      let isSame = known?.address == row.address
      let end = max(now + left, isSame ? known?.end ?? 0 : 0)
      set(row.name, Lease(address: row.address, term: row.term, end: min(end, now + term)))
    }
    let ended = leases.filter { $0.value.end <= now }.keys.sorted(by: Self.precedes)
    for name in ended { remove(name) }
    // Where others know an instance that is not known here, it had its time to come back.
    let mayForget = isComplete(at: now)
    let stale = stored.filter { row in
      leases[row.name] == nil && (mayForget || ended.contains(row.name))
    }
    return Taken(ended: ended, stale: stale)
  }
}
