// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import ControlPlane
  import Logging
  import RoutingDecisions
  import ServerPrograms
  import ServiceLeaseStore
  import ServiceLeases
  import Synchronization
  import Testing

  @Suite("Leases in PostgreSQL", .timeLimit(.minutes(2)))
  struct PostgreSQLLeaseStoreTests {
    private let one = InstanceName(service: "orders", instance: "one")!
    private let two = InstanceName(service: "orders", instance: "two")!
    private let first = InstanceAddress("10.0.0.1:80")!
    private let second = InstanceAddress("[2001:db8::5]:80")!

    private func store(_ server: PostgreSQLProgram) throws -> any LeaseStore {
      try #require(try LeaseStorePlace.open(RegistryConfiguration(url: server.address)))
    }

    @Test("What one writes the other reads, and hears of when somebody comes or leaves")
    func sharing() async throws {
      let server = try await PostgreSQLProgram.start()
      let (left, right) = (try store(server), try store(server))
      #expect(try await right.leases() == [])
      var news = right.news.makeAsyncIterator()
      // That it can be reached.
      await news.next()
      try await left.renew(one, at: first, term: 30)
      await news.next()
      try await left.renew(two, at: second, term: 5)
      await news.next()
      let rows = try await right.leases().sorted { $0.term > $1.term }
      #expect(rows.map(\.name) == [one, two] && rows.map(\.address) == [first, second])
      #expect(rows.map(\.term) == [30, 5] && rows.allSatisfy { $0.age < 5_000 })
      // A renewal is no news, and one that left is.
      try await left.renew(one, at: first, term: 30)
      #expect(try await left.remove(two, renewedBefore: 0))
      await news.next()
      #expect(try await right.leases().map(\.name) == [one])
      #expect(try await !left.remove(two, renewedBefore: 0))
      // It was renewed later than that.
      #expect(try await !left.remove(one, renewedBefore: 60_000))
      await left.close()
      await right.close()
      await server.stop()
    }

    @Test("There are bounds for those that live")
    func bounds() async throws {
      let server = try await PostgreSQLProgram.start()
      let store = try store(server)
      for number in 0..<LeaseTable.instancesOfService {
        let name = try #require(InstanceName(service: "orders", instance: "i\(number)"))
        try await store.renew(name, at: first, term: 300)
      }
      await #expect(throws: LeaseTable.Refusal.serviceIsFull) {
        try await store.renew(one, at: first, term: 30)
      }
      let known = try #require(InstanceName(service: "orders", instance: "i9"))
      try await store.renew(known, at: second, term: 30)
      let other = try #require(InstanceName(service: "stock", instance: "one"))
      try await store.renew(other, at: second, term: 30)
      await store.close()
      await server.stop()
    }

    @Test("A database that goes away and comes back takes no instance with it")
    func outage() async throws {
      let server = try await PostgreSQLProgram.start()
      let places = Mutex<[String]>([])
      let registry = InstanceRegistry(
        store: try store(server),
        logger: Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() }
      ) { services in
        places.withLock { $0 = services["orders", default: []].map(\.description) }
      }
      _ = try await registry.register(one, at: first, term: 5)
      _ = try await registry.register(two, at: second, term: 5)
      await registry.look()
      await server.stop()
      await registry.look()
      await #expect(throws: InstanceRegistry.Refusal.self) {
        try await registry.register(one, at: first, term: 5)
      }
      #expect(await registry.deregister(two) == .leftHere)
      #expect(places.withLock(\.self) == ["10.0.0.1:80"])
      try await server.restart()
      // The way to it is tried again after a while only.
      var names: [String] = []
      while names != ["one"] {
        _ = try? await registry.register(one, at: first, term: 5)
        await registry.look()
        if await registry.isReachable {
          names = await registry.listing().services.flatMap { $0.instances.map(\.name) }
        }
      }
      let other = try store(server)
      #expect(try await other.leases().map(\.name) == [one])
      await other.close()
      await server.stop()
    }
  }
#endif
