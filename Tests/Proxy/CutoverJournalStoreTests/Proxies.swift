// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import ControlPlane
  import CutoverControl
  import CutoverJournalStore
  import CutoverScenario
  import Foundation
  import Logging
  import PostgreSQLClient
  import ServerPrograms
  import ProxyDataPlane
  import RoutingDecisions
  import Testing

  /// What one proxy is made of but for its listeners: routes, traffic that follows them, a runner.
  final class Proxy: Sendable {
    let name: String
    let routing: LiveRouting
    let traffic: ScenarioTraffic
    let journal: PostgreSQLCutoverJournal
    let runner: CutoverRunner

    /// - Parameters:
    ///   - id: of the process; its name where only one is called that.
    ///   - admin: where it says that its admin API listens.
    init(
      _ name: String, _ server: PostgreSQLProgram, id: String? = nil, admin: String? = nil
    ) async throws {
      self.name = name
      routing = LiveRouting(try RoutingTable(CutoverScenario.configuration()))
      traffic = ScenarioTraffic(routing)
      journal = PostgreSQLCutoverJournal(
        try PostgreSQLAddress(server.address), installation: "shop")
      runner = CutoverRunner(
        journal: journal, routing: routing, traffic: traffic,
        replica: ReplicaName(id: id ?? name, name: name, admin: admin, machine: "machine"),
        logger: Logger(label: "proxy") { _ in SwiftLogNoOpLogHandler() },
        unixMilliseconds: { Int64(Date().timeIntervalSince1970 * 1_000) })
      try await runner.restore(leads: false)
    }

    /// Share of the route `orders`.
    var percent: Int { (routing.percentages["orders"]?.hundredths ?? -100) / 100 }
  }

  /// Two proxies at work with one journal.
  struct Proxies: Sendable {
    let server: PostgreSQLProgram
    let all: [Proxy]

    static func running(_ body: (Proxies) async throws -> Void) async throws {
      let server = try await PostgreSQLProgram.start()
      let proxies = Proxies(
        server: server, all: [try await Proxy("one", server), try await Proxy("two", server)])
      let runs = proxies.all.map { proxy in Task { try await proxy.runner.run() } }
      let result: Result<Void, any Error>
      do {
        result = .success(try await body(proxies))
      } catch {
        result = .failure(error)
      }
      for run in runs { run.cancel() }
      for run in runs { _ = await run.result }
      await server.stop()
      try result.get()
    }

    /// Waits until one leads and the other one knows it.
    func roles() async throws -> (leader: Proxy, follower: Proxy) {
      var found: (Proxy, Proxy)?
      try await until {
        for (one, other) in [(all[0], all[1]), (all[1], all[0])] {
          let role = await other.runner.overview().journal.sharing
          if await one.runner.overview().isLeading, role?.leader == one.name {
            found = (one, other)
          }
        }
        return found != nil
      }
      return try #require(found)
    }

    func entries() async throws -> [JournalEntry] {
      try await all[0].journal.entries(after: 0, limit: 1_000)
    }
  }

  /// Looks again and again until something is true.
  func until(
    _ limit: Duration = .seconds(10), _ isTrue: () async throws -> Bool,
    at location: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !isTrue() {
      guard clock.now < deadline else {
        Issue.record("it did not happen within \(limit)", sourceLocation: location)
        throw CancellationError()
      }
      await Task.yield()
    }
  }
#endif
