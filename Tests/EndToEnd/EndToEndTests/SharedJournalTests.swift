// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Foundation
  import ServerPrograms
  import Testing

  /// Two real proxies with one journal in a real PostgreSQL, ordered by the real commands.
  @Suite("Two proxies with one journal", .timeLimit(.minutes(3)))
  struct SharedJournalTests {
    private struct Overview: Decodable {
      struct Journal: Decodable {
        struct Sharing: Decodable {
          struct Replica: Decodable {
            let name: String
            let behind: Int
            let isCounted: Bool
          }

          let role: String
          let leader: String?
          let replicas: [Replica]
        }

        let sequence: Int
        let head: String?
        let sharing: Sharing
      }

      struct Route: Decodable { let percent: Double }

      let journal: Journal
      let routes: [Route]
      var percent: Double? { routes.first?.percent }
    }

    /// One of the two.
    private final class Member: Sendable {
      let program: RunningProgram
      let admin: String
      let scratch: Scratch

      init(_ name: String, _ scratch: Scratch, _ server: PostgreSQLProgram) async throws {
        self.scratch = scratch
        let file = try scratch.write(
          """
          proxy:
            listen: 127.0.0.1:0
            admin: 127.0.0.1:0
            admin-token-file: \(scratch.path)/token
            journal: { url: "\(server.address)", installation: test, proxy-name: \(name) }
          upstreams:
            legacy: { endpoints: [127.0.0.1:9] }
            orders: { endpoints: [127.0.0.1:9] }
          routes:
            - name: orders
              match: { path: /orders/** }
              legacy: legacy
              extracted: orders
              sticky: [ { header: x-user-id } ]
          cutovers:
            orders:
              routes: [orders]
              stages: [ { percent: 50, soak: 1h }, { percent: 99, soak: 1h, evidence: hold-back } ]

          """, to: "\(name).yaml")
        program = try Executable.strangler.start(["proxy", "--config", file])
        admin = try await program.text(after: "admin listening on ")
      }

      func strangler(_ arguments: [String]) async throws -> Outcome {
        try await Executable.strangler.run(
          arguments + ["--admin", admin, "--token-file", scratch.path + "/token"])
      }

      func overview() async throws -> Overview {
        let outcome = try await strangler(["cutover", "status", "--format", "json"])
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(Overview.self, from: Data(outcome.output.utf8))
      }

      /// Looks again until it is true.
      func sees(
        within limit: Duration = .seconds(15), _ isTrue: (Overview) -> Bool
      ) async throws -> Overview {
        let deadline = ContinuousClock.now + limit
        var last = try await overview()
        while !isTrue(last) {
          try #require(ContinuousClock.now < deadline, "\(last)")
          last = try await overview()
        }
        return last
      }
    }

    @Test func `an order is in force on both, and the one that is left goes on`() async throws {
      let (server, scratch) = (try await PostgreSQLProgram.start(), try Scratch())
      let one = try await Member("one", scratch, server)
      let two = try await Member("two", scratch, server)
      #expect(
        try await one.sees { $0.journal.sharing.replicas.count == 2 }.journal.sharing.role
          == "leading")
      let started = try await one.strangler([
        "cutover", "start", "orders", "--reason", "ticket 12",
      ])
      #expect(started.exitCode == 0, "\(started.errors)")
      let follower = try await two.sees(within: .seconds(2)) { $0.percent == 50 }
      #expect(
        follower.journal.sharing.role == "following" && follower.journal.sharing.leader == "one")
      let refused = try await two.strangler(["cutover", "pause", "orders", "--reason", "wait"])
      #expect(refused.exitCode == 1 && refused.errors.contains("The proxy \"one\" carries"))
      let text = try await one.strangler(["cutover", "status"])
      #expect(text.output.contains("one leads; entry "))
      #expect(text.output.contains("  two: entry "))
      one.program.signal(SIGKILL)
      _ = await one.program.outcome()
      let alone = try await two.sees { $0.journal.sharing.role == "leading" }
      #expect(alone.percent == 50)
      let rolledBack = try await two.strangler([
        "cutover", "rollback", "orders", "--reason", "customers call",
      ])
      #expect(rolledBack.exitCode == 0 && rolledBack.output.contains("rolled back"))
      let verified = try await Executable.strangler.run([
        "cutover", "verify", "--journal", server.address, "--installation", "test",
      ])
      #expect(verified.exitCode == 0, "\(verified.errors)")
      #expect(verified.output.contains("the journal of test is what was written"))
      await server.stop()
      let cut = try await two.sees { $0.journal.sharing.role == "cut-off" }
      #expect(cut.percent == 0)
      two.program.signal(SIGTERM)
      let log = await two.program.outcome().errors
      #expect(log.contains("cut off from the journal"))
      #expect(log.contains("this proxy leads"))
    }

    @Test func `a proxy whose journal cannot be reached does not start, and says why`() async throws
    {
      let (server, scratch) = (try await PostgreSQLProgram.start(), try Scratch())
      await server.stop()
      let file = try scratch.write(
        """
        proxy:
          listen: 127.0.0.1:0
          admin: 127.0.0.1:0
          admin-token-file: \(scratch.path)/token
          journal: { url: "\(server.address)", installation: test }
        upstreams: { legacy: { endpoints: [127.0.0.1:9] } }
        routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]

        """, to: "strangler.yaml")
      let outcome = try await Executable.strangler.run(["proxy", "--config", file])
      #expect(outcome.exitCode == 2)
      #expect(outcome.errors.contains("cannot be used"))
      let secret = try scratch.write(
        try String(contentsOfFile: file, encoding: .utf8)
          .replacing("postgresql://postgres@", with: "postgresql://postgres:hunter2@"),
        to: "secret.yaml")
      let refused = try await Executable.strangler.run(["routes", "validate", "--config", secret])
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("it holds a password"))
      #expect(!(refused.errors + refused.output).contains("hunter2"))
    }
  }
#endif
