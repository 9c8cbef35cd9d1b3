// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Logging
import RoutingDecisions
import ServiceLeases
import Synchronization
import Testing

/// A store that several registries share, and that can be away. Its clock is the tests'.
private final class MemoryLeaseStore: LeaseStore {
  struct Away: Error {}

  struct State {
    var now: UInt64 = 0
    var isAway = false
    var rows: [InstanceName: (address: InstanceAddress, term: Int, renewed: UInt64)] = [:]
    /// Runs while somebody reads, once.
    var meanwhile: (@Sendable () async -> Void)?
  }

  let state = Mutex(State())
  let news: AsyncStream<Void> = AsyncStream { $0.finish() }

  func now() -> UInt64 { state.withLock { $0.now } }

  func renew(_ name: InstanceName, at address: InstanceAddress, term: Int) throws {
    try state.withLock { state in
      if state.isAway { throw Away() }
      state.rows[name] = (address, term, state.now)
    }
  }

  func remove(_ name: InstanceName, renewedBefore age: UInt64) throws -> Bool {
    try state.withLock { state in
      if state.isAway { throw Away() }
      guard let row = state.rows[name], row.renewed + age <= state.now else { return false }
      state.rows[name] = nil
      return true
    }
  }

  func leases() async throws -> [StoredLease] {
    let (rows, meanwhile) = try state.withLock { state in
      if state.isAway { throw Away() }
      defer { state.meanwhile = nil }
      let rows = state.rows.map { name, row in
        StoredLease(name, at: row.address, term: row.term, age: state.now - row.renewed)
      }
      return (rows, state.meanwhile)
    }
    await meanwhile?()
    return rows
  }

  func close() {}
}

@Suite("Instances that register", .timeLimit(.minutes(1)))
struct InstanceRegistryTests {
  private final class Proxy: Sendable {
    let registry: InstanceRegistry
    private let told: Told

    init(_ store: MemoryLeaseStore, isShared: Bool = true) {
      let told = Told()
      self.told = told
      registry = InstanceRegistry(
        store: isShared ? store : nil,
        logger: Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() },
        milliseconds: { store.now() }, publish: { told.tell($0) })
    }

    var orders: [String] { told.services.withLock { $0["orders"] ?? [] }.map(\.description) }
  }

  private final class Told: Sendable {
    let services = Mutex<[String: [NetworkAddress]]>([:])
    func tell(_ next: [String: [NetworkAddress]]) { services.withLock { $0 = next } }
  }

  private let store = MemoryLeaseStore()
  private let one = InstanceName(service: "orders", instance: "one")!
  private let two = InstanceName(service: "orders", instance: "two")!
  private let first = InstanceAddress("10.0.0.1:80")!
  private let second = InstanceAddress("10.0.0.2:80")!

  /// Looks at every second that passes.
  private func pass(_ seconds: Int, _ proxies: Proxy...) async {
    for _ in 0..<seconds {
      store.state.withLock { $0.now += 1_000 }
      for proxy in proxies { await proxy.registry.look() }
    }
  }

  @Test("One proxy keeps them for itself: they come, stay while they renew, and leave")
  func alone() async throws {
    let proxy = Proxy(store, isShared: false)
    await proxy.registry.look()
    let told = try await proxy.registry.register(one, at: first, term: 5)
    #expect(told.endsInMilliseconds == 5_000 && proxy.orders == ["10.0.0.1:80"])
    _ = try await proxy.registry.register(two, at: second, term: 10)
    await pass(4, proxy)
    #expect(proxy.orders == ["10.0.0.1:80", "10.0.0.2:80"])
    await pass(1, proxy)
    #expect(proxy.orders == ["10.0.0.2:80"])
    #expect(await proxy.registry.deregister(two) == .left)
    #expect(proxy.orders == [])
    #expect(await proxy.registry.deregister(two) == .unknown)
    #expect(await !proxy.registry.listing().isComplete)
    await pass(300, proxy)
    #expect(await proxy.registry.listing() == RegistryListing(isComplete: true, services: []))
  }

  @Test("Several proxies know of them whoever was told")
  func shared() async throws {
    let (left, right) = (Proxy(store), Proxy(store))
    _ = try await left.registry.register(one, at: first, term: 5)
    await right.registry.look()
    #expect(right.orders == ["10.0.0.1:80"])
    // Renewed at the other one.
    await pass(4, left, right)
    _ = try await right.registry.register(one, at: first, term: 5)
    await pass(4, left, right)
    #expect(left.orders == ["10.0.0.1:80"] && right.orders == ["10.0.0.1:80"])
    #expect(await left.registry.deregister(one) == .left)
    await right.registry.look()
    #expect(left.orders == [] && right.orders == [])
    // One that is known to none of them.
    #expect(await right.registry.deregister(one) == .unknown)
  }

  @Test("While the store is away nobody comes and nobody is lost; who leaves is not lost sight of")
  func outage() async throws {
    let (left, right) = (Proxy(store), Proxy(store))
    _ = try await left.registry.register(one, at: first, term: 5)
    _ = try await left.registry.register(two, at: second, term: 5)
    await pass(1, left, right)
    store.state.withLock { $0.isAway = true }
    await pass(600, left, right)
    #expect(left.orders.count == 2 && right.orders.count == 2)
    await #expect(throws: InstanceRegistry.Refusal.self) {
      try await left.registry.register(one, at: first, term: 5)
    }
    #expect(await !left.registry.listing().isComplete)
    #expect(await left.registry.deregister(two) == .leftHere)
    #expect(left.orders == ["10.0.0.1:80"])
    store.state.withLock { $0.isAway = false }
    await pass(1, left, right)
    // The store knows by now, so the other proxy does.
    #expect(left.orders == ["10.0.0.1:80"] && right.orders == ["10.0.0.1:80"])
    #expect(store.state.withLock { $0.rows.count } == 1)
    // The one that lives says so within its term.
    await pass(2, left, right)
    _ = try await right.registry.register(one, at: first, term: 5)
    await pass(4, left, right)
    #expect(left.orders == ["10.0.0.1:80"])
    // And is gone, and removed, once it does not.
    await pass(1, left, right)
    #expect(left.orders == [] && right.orders == [])
    #expect(store.state.withLock { $0.rows.isEmpty })
  }

  @Test("One that left while the store was away and came back elsewhere stays")
  func cameBack() async throws {
    let (left, right) = (Proxy(store), Proxy(store))
    _ = try await left.registry.register(one, at: first, term: 30)
    await pass(1, left, right)
    store.state.withLock { $0.isAway = true }
    #expect(await left.registry.deregister(one) == .leftHere)
    store.state.withLock { state in
      state.isAway = false
      state.now += 1_000
    }
    _ = try await right.registry.register(one, at: second, term: 30)
    await pass(1, left, right)
    #expect(left.orders == ["10.0.0.2:80"] && right.orders == ["10.0.0.2:80"])
  }

  @Test("What was read before somebody came or left is not believed")
  func race() async throws {
    let proxy = Proxy(store)
    _ = try await proxy.registry.register(one, at: first, term: 30)
    await pass(1, proxy)
    store.state.withLock { [one, two, second] state in
      state.meanwhile = {
        _ = await proxy.registry.deregister(one)
        _ = try? await proxy.registry.register(two, at: second, term: 30)
      }
    }
    await pass(1, proxy)
    #expect(proxy.orders == ["10.0.0.2:80"])
    await pass(1, proxy)
    #expect(proxy.orders == ["10.0.0.2:80"])
  }

  @Test("A process that takes over knows who registered with the older one")
  func succession() async throws {
    let (older, newer) = (Proxy(store, isShared: false), Proxy(store, isShared: false))
    _ = try await older.registry.register(one, at: first, term: 10)
    await pass(5, older, newer)
    await newer.registry.take(older.registry.listing())
    #expect(newer.orders == ["10.0.0.1:80"])
    await pass(4, newer)
    #expect(newer.orders == ["10.0.0.1:80"])
    await pass(1, newer)
    #expect(newer.orders == [])
  }
}
