// SPDX-License-Identifier: Apache-2.0

package import Logging
package import RoutingDecisions
package import ServiceLeases
internal import ServiceLifecycle

/// The instances of services that registered: keeps their leases, or shares them with other
/// proxies, and hands on where they are.
///
/// While the store that several proxies share cannot be reached, the instances that were known last
/// stay: nobody is registered, nobody's lease ends, and who leaves is not given any more requests
/// here and is removed from the store later.
package actor InstanceRegistry: Service {
  /// Time between two looks at the leases.
  private static let interval = Duration.seconds(1)

  /// Why an order was not carried out.
  package enum Refusal: Error, Sendable, Equatable {
    /// There are as many as there may be; a sentence.
    case full(String)
    /// The store cannot be reached; why.
    case unavailable(String)
  }

  package enum Leaving: Sendable, Equatable {
    case left
    /// Requests go there no more from here, and the others are told later.
    case leftHere
    case unknown
  }

  private let store: (any LeaseStore)?
  private let publish: @Sendable ([String: [NetworkAddress]]) -> Void
  /// A clock that never goes back.
  private let milliseconds: @Sendable () -> UInt64
  private let logger: Logger

  private var table = LeaseTable()
  private var published: [String: [InstanceAddress]] = [:]
  /// Instances that left while the store could not be told, and when. Each was in the table, which
  /// bounds them.
  private var leaving: [InstanceName: UInt64] = [:]
  /// Counts those that came and left, so that a look that began before is not believed.
  private var changes = 0
  private var isLooking = false
  private var looksAgain = false
  private var isCutOff = false

  /// - Parameters:
  ///   - store: shared with other proxies; nil keeps the leases here.
  ///   - publish: hears where the instances of all services are, whenever that changes.
  package init(
    store: (any LeaseStore)? = nil, logger: Logger,
    milliseconds: @escaping @Sendable () -> UInt64 = InstanceRegistry.uptime,
    publish: @escaping @Sendable ([String: [NetworkAddress]]) -> Void
  ) {
    self.store = store
    self.logger = logger
    self.milliseconds = milliseconds
    self.publish = publish
  }

  /// The store could be reached when that was last tried.
  package var isReachable: Bool { !isCutOff }

  /// Several proxies share what they are told.
  package nonisolated var isShared: Bool { store != nil }

  private static let origin = ContinuousClock.now

  /// Milliseconds of this process's clock.
  @Sendable package static func uptime() -> UInt64 {
    let (seconds, attoseconds) = (ContinuousClock.now - origin).components
    return UInt64(seconds) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
  }

  /// Looks at the leases until graceful shutdown or cancellation.
  package func run() async {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.keepLooking() }
        if let store = self.store {
          group.addTask { for await _ in store.news { await self.look() } }
        }
        await group.next()
        group.cancelAll()
      }
    }
    await store?.close()
  }

  private func keepLooking() async {
    repeat { await look() } while (try? await Task.sleep(for: Self.interval)) != nil
  }

  private func note(_ name: InstanceName, _ what: String, _ more: Logger.Metadata = [:]) {
    let metadata: Logger.Metadata = ["service": "\(name.service)", "instance": "\(name.instance)"]
    logger.notice("\(what)", metadata: metadata.merging(more) { $1 })
  }

  private func publishChanges() {
    let addresses = table.addresses
    if addresses == published { return }
    published = addresses
    publish(
      addresses.mapValues { $0.map { NetworkAddress(host: $0.host, port: $0.port) } })
  }
}

// MARK: - Coming and going

extension InstanceRegistry {
  /// An instance registers, or renews its lease.
  ///
  /// - Throws: `Refusal`.
  package func register(
    _ name: InstanceName, at address: InstanceAddress, term: Int
  ) async throws -> RegistryListing.Instance {
    if store == nil { endLeases() }
    do {
      if let store {
        try await store.renew(name, at: address, term: term)
        leaving[name] = nil
      }
      let isNews = try table.renew(name, at: address, term: term, now: milliseconds())
      if isNews {
        changes += 1
        note(name, "instance registered", ["endpoint": "\(address)", "lease": "\(term) s"])
      }
    } catch let refusal as LeaseTable.Refusal {
      throw Refusal.full(refusal.text)
    } catch {
      cutOff(error)
      throw Refusal.unavailable("\(error)")
    }
    publishChanges()
    return RegistryListing.Instance(
      name: name.instance, endpoint: address.description, lease: term,
      endsInMilliseconds: UInt64(term) * 1_000)
  }

  /// An instance leaves: no request that comes from now on goes there.
  package func deregister(_ name: InstanceName) async -> Leaving {
    let wasHere = table.remove(name)
    changes += 1
    publishChanges()
    if wasHere { note(name, "instance deregistered") }
    guard let store else { return wasHere ? .left : .unknown }
    do {
      let wasThere = try await store.remove(name, renewedBefore: 0)
      leaving[name] = nil
      return wasHere || wasThere ? .left : .unknown
    } catch {
      cutOff(error)
      // One that is not known here may be known elsewhere, and its lease ends by itself.
      guard wasHere else { return .unknown }
      leaving[name] = milliseconds()
      return .leftHere
    }
  }

  /// Who is there.
  package func listing() -> RegistryListing {
    let now = milliseconds()
    return RegistryListing(table, isComplete: !isCutOff && table.isComplete(at: now), at: now)
  }

  /// Takes over what an older process knows, all of it.
  package func take(_ listing: RegistryListing) {
    let rows = listing.services.flatMap { service in
      service.instances.compactMap { instance -> StoredLease? in
        guard let name = InstanceName(service: service.name, instance: instance.name),
          let address = InstanceAddress(instance.endpoint),
          LeaseTable.terms.contains(instance.lease)
        else { return nil }
        let term = UInt64(instance.lease) * 1_000
        return StoredLease(
          name, at: address, term: instance.lease,
          age: term - min(term, instance.endsInMilliseconds))
      }
    }
    _ = table.take(rows, at: milliseconds())
    publishChanges()
  }
}

// MARK: - Looking

extension InstanceRegistry {
  /// Looks at the leases, and at the store where there is one.
  package func look() async {
    if isLooking {
      looksAgain = true
      return
    }
    isLooking = true
    repeat {
      looksAgain = false
      if let store { await look(at: store) } else { endLeases() }
    } while looksAgain
    isLooking = false
  }

  private func endLeases() {
    for name in table.advance(to: milliseconds()) { note(name, "instance's lease ended") }
    publishChanges()
  }

  private func look(at store: any LeaseStore) async {
    do {
      for (name, left) in leaving {
        // One that came back meanwhile was renewed after that.
        _ = try await store.remove(name, renewedBefore: milliseconds() - left)
        leaving[name] = nil
      }
      let before = changes
      let rows = try await store.leases()
      reached()
      // Somebody came or left since they were read: the next look knows.
      guard before == changes else { return }
      let taken = table.take(rows, at: milliseconds())
      for name in taken.ended { note(name, "instance's lease ended") }
      publishChanges()
      for row in taken.stale {
        _ = try await store.remove(row.name, renewedBefore: UInt64(row.term) * 1_000)
      }
    } catch {
      cutOff(error)
    }
  }

  private func cutOff(_ error: any Error) {
    if isCutOff { return }
    isCutOff = true
    logger.error(
      "cut off from the shared registry: instances stay as they are",
      metadata: ["reason": "\(error)"])
  }

  private func reached() {
    if !isCutOff { return }
    isCutOff = false
    logger.notice("the shared registry can be reached again")
  }
}

extension LeaseTable.Refusal {
  /// A sentence.
  fileprivate var text: String {
    switch self {
    case .serviceIsFull:
      "The service has \(LeaseTable.instancesOfService) instances, and may have no more."
    case .isFull: "There are \(LeaseTable.instances) instances, and may be no more."
    }
  }
}
