// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import BadReleases
import Foundation
import GRDB
import NIOCore
import NIOHTTP1
import Testing

/// A plan carried out by the real proxy in front of two upstreams, ordered by the real commands.
@Suite(.timeLimit(.minutes(3)))
struct CutoverTests {
  struct Status: Decodable {
    let phase: String
    let percent: Double
    let isPaused: Bool
  }

  private struct Entry: Decodable {
    struct Move: Decodable {
      let route: String
      let from: Double
      let to: Double
    }

    let sequence: UInt64
    let at: String
    let actor: String
    let reason: String
    let isAutomatic: Bool
    let moves: [Move]
    let evidence: String?
  }

  @Test func `errors of the new side take everything back within a second, with the evidence`()
    async throws
  {
    try await Stage.running { stage in
      let started = try await stage.strangler([
        "cutover", "start", "orders", "--reason", "ticket 12", "--actor", "ann",
      ])
      #expect(started.exitCode == 0, "\(started.errors)")
      #expect(started.output.contains("stage 1 of 2, 50 %"))
      try await stage.send(requests: 400)
      #expect(stage.extracted.seen.requests > 100 && stage.legacy.seen.requests > 100)
      stage.extracted.fail(ofEachHundred: 5)
      var sent = 0
      while try await stage.status().phase == "under-way" {
        try await stage.send(requests: 100)
        sent += 100
        try #require(sent < 40_000, "the gate did not fire")
      }
      let before = stage.extracted.seen.requests
      try await stage.send(requests: 400)
      #expect(stage.extracted.seen.requests == before, "traffic after the rollback was seen")
      let history = try await stage.strangler([
        "cutover", "history", "--cutover", "orders", "--format", "json",
      ])
      let entries = try JSONDecoder().decode([Entry].self, from: Data(history.output.utf8))
      let entry = try #require(entries.last)
      #expect(entry.isAutomatic && entry.actor == "cutover")
      #expect(entry.reason.hasPrefix("a gate fired: orders: errors: extracted "))
      #expect(entry.evidence?.contains("orders: errors: extracted") == true)
      #expect(entry.moves.map(\.route) == ["orders"])
      #expect(entry.moves.map(\.from) == [50] && entry.moves.map(\.to) == [0])
      let decided = try Date(
        entry.at, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      let last = try #require(stage.extracted.seen.last)
      #expect(last.timeIntervalSince(decided) < 1, "a request came a second after the decision")
      let status = try await stage.strangler(["cutover", "status", "orders"])
      let why = "entry \(entry.sequence), \(entry.at), cutover: a gate fired: orders: errors: "
      #expect(status.output.contains(why), "\(status.output)")
      let verdict = try await stage.strangler(["cutover", "verify"])
      #expect(verdict.exitCode == 0 && verdict.output.contains("is what was written"))
    }
  }

  @Test func `a killed proxy comes back with the shares of its journal`() async throws {
    try await Stage.running { stage in
      let started = try await stage.strangler([
        "cutover", "start", "orders", "--reason", "ticket 12",
      ])
      #expect(started.exitCode == 0, "\(started.errors)")
      try await stage.restart(by: SIGKILL)
      #expect(try await stage.status().percent == 50)
      let rolledBack = try await stage.strangler([
        "cutover", "rollback", "orders", "--reason", "customers call",
      ])
      #expect(rolledBack.exitCode == 0 && rolledBack.output.contains("rolled back"))
      try await stage.restart(by: SIGTERM)
      #expect(try await stage.status().phase == "rolled-back")
    }
  }

  @Test func `a process that takes over goes on with the plan of the older one`() async throws {
    try await Stage.running { stage in
      let started = try await stage.strangler([
        "cutover", "start", "orders", "--reason", "ticket 12",
      ])
      #expect(started.exitCode == 0, "\(started.errors)")
      try await stage.takeOver()
      let status = try await stage.status()
      #expect(status.phase == "under-way" && status.percent == 50)
      try await stage.send(requests: 100)
      #expect(stage.extracted.seen.requests > 20)
      let rolledBack = try await stage.strangler([
        "cutover", "rollback", "orders", "--reason", "customers call",
      ])
      #expect(rolledBack.exitCode == 0, "\(rolledBack.errors)")
      #expect(try await stage.status().percent == 0)
    }
  }

  @Test func `mistakes are answered by name and change nothing`() async throws {
    try await Stage.running { stage in
      let before = try await stage.strangler(["cutover", "verify"])
      for (arguments, exitCode, words) in [
        (["cutover", "start", "odrers"], 2, "There is no cutover \"odrers\""),
        (["cutover", "approve", "orders"], 1, "it is not under way"),
        (["routes", "set", "orders", "140"], 2, "expected 0 to 100 in steps of 0.01"),
        (["routes", "set", "orders", "-1"], 2, "-1 is no share of users: expected 0 to 100"),
        (["routes", "set", "orders", "100.01"], 2, "expected 0 to 100 in steps of 0.01"),
        (["routes", "set", "carts", "10"], 2, "There is no route \"carts\"; there is: orders"),
        (["routes", "set", "orders", "10"], 1, "would skip the gates of the cutover \"orders\""),
        (["cutover", "revert", "99"], 2, "The journal has no entry 99"),
      ] {
        let outcome = try await stage.strangler(arguments + ["--reason", "a test"])
        #expect(outcome.exitCode == Int32(exitCode), "\(arguments)")
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
      // The journal's head: the last entry is the one it was.
      #expect(try await stage.strangler(["cutover", "verify"]).output == before.output)
      #expect(before.exitCode == 0 && before.output.contains("head "))
      #expect(try await stage.status().percent == 0)
      let other = try await stage.strangler(
        ["cutover", "verify", "--journal", stage.journal, "--installation", "staging"])
      #expect(other.exitCode == 2)
      #expect(other.errors.contains("of the installation \"test\", not of \"staging\""))
      let none = try await Executable.strangler.run(
        ["cutover", "status", "--admin", "127.0.0.1:1"])
      #expect(none.exitCode == 2 && none.errors.contains("cannot reach"))
    }
  }

  @Test func `a proxy does not start with a journal that is another's`() async throws {
    let scratch = try Scratch()
    func proxy(of installation: String) throws -> [String] {
      let file = try scratch.write(
        """
        proxy:
          listen: 127.0.0.1:0
          admin: 127.0.0.1:0
          admin-token-file: \(scratch.path)/token
          journal: { path: \(scratch.path)/journal.sqlite, installation: \(installation) }
        upstreams: { legacy: { endpoints: [127.0.0.1:9] } }
        routes: [ { name: all, match: { path: /** }, legacy: legacy } ]

        """, to: "\(installation).yaml")
      return ["proxy", "--config", file, "--evidence", scratch.path + "/shadow.sqlite"]
    }
    let shop = try Executable.strangler.start(proxy(of: "shop"))
    _ = try await shop.text(after: "admin listening on ")
    let token = scratch.path + "/token"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: token)
    let second = try await Executable.strangler.run(proxy(of: "shop"))
    #expect(second.exitCode == 2)
    #expect(second.errors.contains("others on this machine can use the admin token"))
    #expect(second.errors.contains("of this machine carries out what is in "), "\(second.errors)")
    shop.signal(SIGTERM)
    #expect(await shop.outcome().exitCode == 0)
    let verify = ["cutover", "verify", "--journal", scratch.path + "/journal.sqlite"]
    let before = try await Executable.strangler.run(verify)
    #expect(before.exitCode == 0, "\(before.errors)")
    let staging = try await Executable.strangler.run(proxy(of: "staging"))
    #expect(staging.exitCode == 2)
    #expect(
      staging.errors.contains("of the installation \"shop\", not of \"staging\""),
      "\(staging.errors)")
    #expect(try await Executable.strangler.run(verify).output == before.output)
    let history = ["cutover", "history", "--journal", scratch.path + "/journal.sqlite"]
    #expect(try await Executable.strangler.run(history).exitCode == 0)
    let journal = URL(filePath: scratch.path + "/journal.sqlite")
    // What stands in the log besides would be read in place of the file.
    try await DatabaseQueue(path: scratch.path + "/journal.sqlite").writeWithoutTransaction { db in
      _ = try db.checkpoint(.truncate)
    }
    var bytes = try Data(contentsOf: journal)
    let place = try #require(bytes.range(of: Data("configuration read".utf8)))
    bytes.replaceSubrange(place, with: Data("configuration reap".utf8))
    try bytes.write(to: journal)
    let forged = try await Executable.strangler.run(history)
    #expect(forged.exitCode == 1 && forged.output.contains("configuration reap"))
    #expect(forged.errors.contains("do not rely on this list: entry 1 was changed"))
  }

  @Test func `the kill switch and the file`() async throws {
    try await Stage.running { stage in
      let started = try await stage.strangler(["cutover", "start", "orders", "--reason", "t"])
      #expect(started.exitCode == 0, "\(started.errors)")
      let moved = try await stage.strangler([
        "routes", "set", "orders", "30", "--skip-gates", "--reason", "now",
      ])
      #expect(moved.exitCode == 0, "\(moved.errors)")
      let live = try await stage.strangler(["routes", "diff"])
      #expect(live.output == "orders: 30 %, set live; the file says 0 %\n")
      let killed = try await stage.strangler([
        "cutover", "kill-switch", "on", "--reason", "the cluster is gone",
      ])
      #expect(killed.output.hasPrefix("The kill switch is on"), "\(killed.errors)")
      // The plan has ended: there are no gates whose numbers could be shown.
      #expect(killed.output.contains("orders: ended by entry "), "\(killed.output)")
      #expect(!killed.output.contains("0 of 0"), "\(killed.output)")
      let refused = try await stage.strangler([
        "cutover", "start", "orders", "--reason", "again",
      ])
      #expect(refused.exitCode == 1 && refused.errors.contains("The kill switch is on"))
      let history = try await stage.strangler(["cutover", "history"])
      #expect(history.output.contains("kill switch on: the cluster is gone"))
      #expect(history.output.contains("orders: 30 -> 0 %"))
    }
  }

  /// Two upstreams in this process, and a proxy in front of them with a plan of 50 and 99 %.
  final class Stage: Sendable {
    let legacy = FaultyOrigin(.even)
    let extracted = FaultyOrigin(.even)
    let journal: String
    /// The file with what comparing both sides found.
    let evidence: String
    /// Where both sides listen.
    let origins: (legacy: String, extracted: String)
    private let scratch: Scratch
    private let file: String
    private let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
    private let running: Running

    private actor Running {
      var program: RunningProgram?
      var proxy = ""
      var admin = ""
      /// Users so far: each request is another one's.
      var users = 0

      func start(_ file: String, evidence: String) async throws {
        let program = try Executable.strangler.start([
          "proxy", "--config", file, "--evidence", evidence,
        ])
        self.program = program
        proxy = "http://" + (try await program.text(after: "proxy listening on "))
        admin = try await program.text(after: "admin listening on ")
      }

      /// Starts a process that takes over, then ends the older one.
      func takeOver(_ file: String) async throws {
        let next = try Executable.strangler.start(["proxy", "--take-over", "--config", file])
        let former = program
        program = next
        _ = try await next.text(after: "proxy listening on ")
        former?.signal(SIGTERM)
        _ = await former?.outcome()
        _ = try await next.text(after: "admin listening on ")
      }

      func nextUsers(_ count: Int) -> Range<Int> {
        users += count
        return users - count..<users
      }
    }

    /// - Parameter section: stands at the end of the configuration.
    static func running(
      adding section: String = "", _ body: (Stage) async throws -> Void
    ) async throws {
      let stage = try await Stage(section)
      do {
        try await body(stage)
      } catch {
        try await stage.stop()
        throw error
      }
      try await stage.stop()
    }

    private init(_ section: String) async throws {
      scratch = try Scratch()
      journal = scratch.path + "/journal.sqlite"
      evidence = scratch.path + "/shadow.sqlite"
      let ports = (try await legacy.start(), try await extracted.start())
      origins = ("http://127.0.0.1:\(ports.0)", "http://127.0.0.1:\(ports.1)")
      file = try scratch.write(
        """
        proxy:
          listen: 127.0.0.1:0
          admin: 127.0.0.1:0
          admin-token-file: \(scratch.path)/token
          journal: { path: \(scratch.path)/journal.sqlite, installation: test }
        upstreams:
          legacy: { endpoints: [127.0.0.1:\(ports.0)] }
          orders: { endpoints: [127.0.0.1:\(ports.1)] }
        routes:
          - name: orders
            match: { path: /orders/** }
            legacy: legacy
            extracted: orders
            sticky: [ { header: x-user-id } ]
          - { name: everything-else, match: { path: /** }, legacy: legacy }
        cutovers:
          orders:
            routes: [orders]
            stages:
              - { percent: 50, soak: 1h, minimum: 10 }
              - { percent: 99, soak: 1h, evidence: hold-back }

        """ + section, to: "strangler.yaml")
      running = Running()
      try await running.start(file, evidence: evidence)
    }

    private func stop() async throws {
      try await client.shutdown()
      let program = await running.program
      program?.signal(SIGKILL)
      _ = await program?.outcome()
      try await legacy.stop()
      try await extracted.stop()
    }

    func restart(by signal: Int32) async throws {
      let program = await running.program
      program?.signal(signal)
      _ = await program?.outcome()
      try await running.start(file, evidence: evidence)
    }

    /// Where the admin API listens.
    var admin: String { get async { await running.admin } }

    /// The token that the proxy made.
    func token() throws -> String {
      let text = try String(contentsOfFile: scratch.path + "/token", encoding: .utf8)
      return String(text.prefix { !$0.isNewline })
    }

    func takeOver() async throws {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let (proxy, admin) = (await running.proxy.dropFirst("http://".count), await running.admin)
      let next = try scratch.write(
        text.replacing("listen: 127.0.0.1:0", with: "listen: \(proxy)")
          .replacing("admin: 127.0.0.1:0", with: "admin: \(admin)"), to: "next.yaml")
      try await running.takeOver(next)
    }

    /// Runs a command for this proxy, with the token that the proxy made.
    func strangler(_ arguments: [String]) async throws -> Outcome {
      let isOffline = arguments.contains("--journal")
      return try await Executable.strangler.run(
        arguments
          + (isOffline
            ? [] : ["--admin", await running.admin, "--token-file", scratch.path + "/token"]))
    }

    /// Asks the admin API, or orders something there.
    func ask(
      _ path: String, ordering body: String? = nil
    ) async throws -> (status: Int, body: String) {
      var request = HTTPClientRequest(url: "http://\(await running.admin)\(path)")
      request.headers.add(name: "authorization", value: "Bearer \(try token())")
      if let body {
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
      }
      let response = try await client.execute(request, timeout: .seconds(60))
      let answer = try await response.body.collect(upTo: 1 << 22)
      return (Int(response.status.code), String(buffer: answer))
    }

    /// The configuration of the proxy.
    var configuration: String { file }

    func status() async throws -> Status {
      let outcome = try await strangler(["cutover", "status", "orders", "--format", "json"])
      return try JSONDecoder().decode(Status.self, from: Data(outcome.output.utf8))
    }

    /// Requests of as many users, eight at a time.
    func send(requests: Int) async throws {
      let (client, proxy) = (client, await running.proxy)
      let users = await running.nextUsers(requests)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for part in 0..<8 {
          group.addTask {
            for user in users where user % 8 == part {
              var request = HTTPClientRequest(url: proxy + "/orders/1")
              request.headers.add(name: "x-user-id", value: "user-\(user)")
              let response = try await client.execute(request, timeout: .seconds(20))
              _ = try await response.body.collect(upTo: 1 << 16)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
