// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import ControlPlane
  import CutoverControl
  import CutoverJournalStore
  import CutoverScenario
  import PostgreSQLClient
  import ServerPrograms
  import Synchronization
  import Testing

  @Suite("Several proxies with one journal", .timeLimit(.minutes(3)))
  struct SharedJournalTests {
    private static let ann = CutoverScenario.ann

    @Test func anEntryIsInForceEverywhereWithinASecond() async throws {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        try await leader.runner.start("orders", by: Self.ann)
        let clock = ContinuousClock()
        let ordered = clock.now
        try await until { follower.percent == 10 }
        #expect(clock.now - ordered < .seconds(1))
        // And everybody can see that it is.
        try await until {
          let sharing = await leader.runner.overview().journal.sharing
          return sharing?.replicas.count == 2
            && sharing?.replicas.allSatisfy { $0.behind == 0 } == true
        }
        let sharing = try #require(await leader.runner.overview().journal.sharing)
        #expect(sharing.role == .leading && sharing.leader == leader.name)
        #expect(await follower.runner.overview().journal.sharing?.role == .following)
        #expect(Set(sharing.replicas.map(\.name)) == ["one", "two"])
      }
    }

    @Test func aFollowerTakesUsersBackAtOnceAndLeavesTheRestToTheLeader() async throws {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        try await leader.runner.start("orders", by: Self.ann)
        try await until { follower.percent == 10 }
        await #expect(throws: CutoverRefusal.following(leader: leader.name, admin: nil)) {
          try await follower.runner.start("basket", by: Self.ann)
        }
        try await follower.runner.rollBack("orders", by: Self.ann)
        #expect(follower.percent == 0)
        try await until { leader.percent == 0 }
        #expect(await leader.runner.status(of: "orders")?.phase == .rolledBack)
        try await leader.runner.start("orders", by: Self.ann)
        try await until { follower.percent == 10 }
        try await follower.runner.setKillSwitch(true, by: Self.ann)
        #expect(follower.percent == 0)
        try await until { await leader.runner.overview().isKilled && leader.percent == 0 }
        #expect(await leader.runner.overview().journal.overdue == 0)
      }
    }

    @Test func theGatesJudgeWhatAllProxiesCounted() async throws {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        // Only the follower's users see errors.
        follower.traffic.rates.withLock {
          $0.requestsPerSecond = 5_000
          $0.extractedFailures = 60
        }
        try await leader.runner.start("orders", by: Self.ann)
        try await until(Duration.seconds(40)) { leader.percent == 0 && follower.percent == 0 }
        // Users are moved first; the entry and the count come behind it.
        try await until { await leader.runner.status(of: "orders")?.rollbacks.automatic == 1 }
        let last = try await proxies.entries().last?.record
        #expect(last?.reason.hasPrefix("a gate fired: orders: errors") == true)
      }
    }

    @Test func withoutTheDatabaseNothingIsRaisedUsersAreTakenBackAndAllConvergeAfterwards()
      async throws
    {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        try await leader.runner.start("orders", by: Self.ann)
        try await until { follower.percent == 10 }
        await proxies.server.stop()
        for proxy in [leader, follower] {
          try await until { await proxy.runner.overview().journal.sharing?.role == .cutOff }
          #expect(proxy.percent == 10)
          await #expect(throws: CutoverRefusal.self) {
            try await proxy.runner.start("basket", by: Self.ann)
          }
          let sharing = await proxy.runner.overview().journal.sharing
          #expect(sharing?.cutOffSince != nil && sharing?.cutOffReason != nil)
        }
        try await follower.runner.rollBack("orders", by: Self.ann)
        #expect(follower.percent == 0 && leader.percent == 10)
        #expect(await follower.runner.overview().journal.overdue == 1)
        try await proxies.server.restart()
        try await until(Duration.seconds(20)) {
          guard leader.percent == 0 else { return false }
          let roles = [
            await leader.runner.overview().journal.sharing?.role,
            await follower.runner.overview().journal.sharing?.role,
          ]
          return roles.contains(.leading) && roles.contains(.following)
        }
        #expect(follower.percent == 0)
        #expect(await follower.runner.overview().journal.overdue == 0)
        let entries = try await proxies.entries()
        #expect(entries.filter { $0.record.reason == "a test" }.count == 1)
      }
    }

    @Test func aLeaderThatWasPausedCannotWriteAndStandsDown() async throws {
      let server = try await PostgreSQLProgram.start()
      let former = try await Proxy("former", server)
      await former.runner.exchange()
      try await former.runner.start("orders", by: Self.ann)
      // It does not renew its lease from here on, and knows the journal's end all the same.
      let next = try await Proxy("next", server)
      try await until(Duration.seconds(15)) {
        await next.runner.exchange()
        return await next.runner.overview().isLeading
      }
      let count = try await next.journal.entries(after: 0, limit: 100).count
      #expect(await former.runner.overview().isLeading)
      await #expect(throws: CutoverRefusal.self) {
        try await former.runner.start("basket", by: Self.ann)
      }
      #expect(try await next.journal.entries(after: 0, limit: 100).count == count)
      #expect(await former.runner.overview().isLeading == false)
      // Taking users back needs no lease.
      try await former.runner.rollBack("orders", by: Self.ann)
      #expect(try await next.journal.entries(after: 0, limit: 100).count == count + 1)
      await server.stop()
    }

    @Test func aProxyThatWasKilledAndStartedAgainIsNamedOnce() async throws {
      let server = try await PostgreSQLProgram.start()
      let admin = "127.0.0.1:9901"
      let other = try await Proxy("other", server, admin: admin)
      let former = try await Proxy("one", server, id: "former", admin: admin)
      let sibling = try await Proxy("one", server, id: "sibling", admin: "127.0.0.1:9902")
      for proxy in [other, former, sibling] { await proxy.runner.exchange() }
      // Neither is heard of from here on, and the place of one is taken.
      let successor = try await Proxy("one", server, id: "successor", admin: admin)
      await successor.runner.exchange()
      #expect(await successor.runner.overview().journal.sharing?.replicas.count == 4)
      try await until(Duration.seconds(15)) {
        await successor.runner.exchange()
        await other.runner.exchange()
        return await other.runner.overview().journal.sharing?.replicas.count == 3
      }
      let replicas = try #require(await other.runner.overview().journal.sharing?.replicas)
      let named = Set(replicas.map { "\($0.name) at \($0.admin ?? "")" })
      #expect(named == ["one at \(admin)", "one at 127.0.0.1:9902", "other at \(admin)"])
      // It was not dead after all, and is there again as soon as it says so.
      await former.runner.exchange()
      await other.runner.exchange()
      #expect(await other.runner.overview().journal.sharing?.replicas.count == 4)
      await server.stop()
    }

    @Test func aDatabaseThatWasRestoredToAnOlderStateIsNoticedAndNothingIsRaised() async throws {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        try await leader.runner.start("orders", by: Self.ann)
        try await until { follower.percent == 10 }
        try await Self.restore(proxies.server, to: 1)
        for proxy in [leader, follower] {
          try await until {
            let sharing = await proxy.runner.overview().journal.sharing
            return sharing?.role == .cutOff
              && sharing?.cutOffReason?.contains("the journal went back") == true
          }
          #expect(await proxy.runner.overview().isLeading == false)
          await #expect(throws: CutoverRefusal.self) {
            try await proxy.runner.start("basket", by: Self.ann)
          }
        }
        #expect(leader.percent == 10 && follower.percent == 10)
        try await follower.runner.rollBack("orders", by: Self.ann)
        #expect(follower.percent == 0)
      }
    }

    @Test func noProxyStartsFromAJournalThatLostWhatOthersHaveSeenUntilThoseAreStopped()
      async throws
    {
      let server = try await PostgreSQLProgram.start()
      let former = try await Proxy("former", server)
      await former.runner.exchange()
      try await former.runner.start("orders", by: Self.ann)
      let end = try await former.journal.entries(after: 0, limit: 100).count
      try await former.runner.rollBack("orders", by: Self.ann)
      await former.runner.exchange()
      try await Self.restore(server, to: end)
      // The database says that users are on the release that was taken back.
      let next = try await Proxy("next", server)
      #expect(next.percent == 10 && former.percent == 0)
      let error = await #expect(throws: CutoverJournalError.self) { try await next.runner.join() }
      #expect(error?.code == .broken)
      #expect(error?.message.contains("stop all proxies") == true)
      #expect(await next.runner.overview().isLeading == false)
      // As it does when it is stopped.
      await former.journal.leave("former")
      await next.journal.leave("next")
      let new = try await Proxy("new", server)
      try await new.runner.join()
      #expect(await new.runner.overview().isLeading && new.percent == 10)
      try await new.runner.rollBack("orders", by: Self.ann)
      #expect(new.percent == 0)
      await server.stop()
    }

    /// Puts the database back to the state that it had with so many entries.
    private static func restore(_ server: PostgreSQLProgram, to entries: Int) async throws {
      let other = try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "restore", within: .seconds(10), onEvent: { _ in })
      for sql in [
        "ALTER TABLE strangler_entry DISABLE TRIGGER USER",
        "DELETE FROM strangler_entry WHERE sequence > \(entries)",
        "ALTER TABLE strangler_entry ENABLE TRIGGER USER",
      ] { try await other.query(sql, within: .seconds(10)) }
      other.close()
    }

    @Test func aTableThatIsLockedHoldsUpNobodyWhoTakesUsersBack() async throws {
      try await Proxies.running { proxies in
        let (leader, follower) = try await proxies.roles()
        try await leader.runner.start("orders", by: Self.ann)
        try await until { follower.percent == 10 }
        let other = try await PostgreSQLConnection.open(
          PostgreSQLAddress(proxies.server.address), as: "lock", within: .seconds(10),
          onEvent: { _ in })
        try await other.query("BEGIN", within: .seconds(10))
        try await other.query("LOCK TABLE strangler_entry", within: .seconds(10))
        let runner = leader.runner
        async let hanging: Void? = try? runner.pause("orders", by: Self.ann)
        async let rollback: Void = runner.rollBack("orders", by: Self.ann)
        try await until(Duration.milliseconds(500)) { leader.percent == 0 }
        _ = await hanging
        try await rollback
        #expect(await leader.runner.overview().journal.overdue == 1)
        try await other.query("ROLLBACK", within: .seconds(10))
        try await until(Duration.seconds(20)) {
          follower.percent == 0 ? await leader.runner.overview().journal.overdue == 0 : false
        }
        other.close()
      }
    }
  }
#endif
