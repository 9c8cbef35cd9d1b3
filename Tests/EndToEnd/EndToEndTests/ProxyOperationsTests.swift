// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// What an operations team does to a running proxy, with real processes and signals.
@Suite(.timeLimit(.minutes(3)))
struct ProxyOperationsTests {
  @Test func `SIGHUP takes up the file, and a broken one changes nothing`() async throws {
    try await Programs.running { programs in
      let text = try String(contentsOfFile: programs.file, encoding: .utf8)
      try text.replacing("percent: 0", with: "percent: 100")
        .write(toFile: programs.file, atomically: true, encoding: .utf8)
      programs.proxyProgram.signal(SIGHUP)
      _ = try await programs.proxyProgram.text(after: "configuration reloaded")
      #expect(try await programs.sides(users: 20).extracted == 20)
      try "proxy: [".write(toFile: programs.file, atomically: true, encoding: .utf8)
      programs.proxyProgram.signal(SIGHUP)
      _ = try await programs.proxyProgram.text(after: "configuration refused")
      #expect(try await programs.sides(users: 20).extracted == 20)
      let status = try await programs.get(programs.admin + "/config").body
      #expect(status.contains("moves 100 % of the users of /orders/** from legacy to orders"))
      #expect(status.contains("lastRejected"))
      #expect(status.contains("not valid YAML"))
    }
  }

  @Test func `a diff says what a change would do`() async throws {
    let scratch = try Scratch()
    let old = Programs.configuration(listen: "127.0.0.1:8080", shop: "9001", orders: "9002")
    let oldFile = try scratch.write(old, to: "old.yaml")
    let newFile = try scratch.write(
      old.replacing("percent: 0", with: "percent: 12"), to: "new.yaml")
    let outcome = try await Executable.strangler.run(["routes", "diff", oldFile, newFile])
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.output == """
        ~ route orders: moves 12 % of the users of /orders/** from legacy to orders (0 % -> 12 %)

        """)
  }

  @Test func `a second process takes over from the first, and no request fails`() async throws {
    try await Programs.running { programs in
      let scratch = try Scratch()
      let port = try #require(programs.proxy.split(separator: ":").last)
      let text = try String(contentsOfFile: programs.file, encoding: .utf8)
      let file = try scratch.write(
        text.replacing("listen: 127.0.0.1:0", with: "listen: 127.0.0.1:\(port)"), to: "next.yaml")
      let load = Load(programs.proxy + "/health")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { await load.run() } }
        try await load.wait(for: 50)
        let next = try Executable.strangler.start(["proxy", "--take-over", "--config", file])
        _ = try await next.text(after: "proxy listening on ")
        try await load.wait(for: 50)
        programs.proxyProgram.signal(SIGTERM)
        #expect(await programs.proxyProgram.outcome().exitCode == 0)
        try await load.wait(for: 50)
        load.stop()
        try await group.waitForAll()
        next.signal(SIGTERM)
        #expect(await next.outcome().exitCode == 0)
      }
      #expect(load.failures == [])
    }
  }
}

/// Requests one after the other, each on a connection of its own, until told to stop.
private final class Load: Sendable {
  private struct State {
    var answers = 0
    var failures: [String] = []
    var isStopped = false
  }

  private let url: String
  private let state = Mutex(State())

  init(_ url: String) { self.url = url }

  var failures: [String] { state.withLock(\.failures) }

  func stop() { state.withLock { $0.isStopped = true } }

  func wait(for answers: Int) async throws {
    let goal = state.withLock { $0.answers + answers }
    while state.withLock({ $0.answers < goal && $0.failures.isEmpty }) {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  func run() async {
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
    while !state.withLock(\.isStopped) {
      do {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "connection", value: "close")
        let response = try await client.execute(request, timeout: .seconds(20))
        _ = try await response.body.collect(upTo: 1 << 20)
        state.withLock { state in
          state.answers += 1
          if response.status.code >= 500 { state.failures.append("\(response.status)") }
        }
      } catch {
        state.withLock { $0.failures.append("\(error)") }
        break
      }
    }
    try? await client.shutdown()
  }
}
