// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
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

  /// They connect and ask while the process stands still, so that the kernel alone has accepted
  /// them when the signal comes.
  @Test(arguments: ["epoll", "nio"])
  func `SIGTERM answers those whom the kernel has accepted`(_ transport: String) async throws {
    let count = 40
    let scratch = try Scratch()
    let text = Programs.configuration(listen: "127.0.0.1:0", shop: "9", orders: "9")
    let file = try scratch.write(
      text.replacing("workers: 1", with: "workers: 1, transport: \(transport)"),
      to: "strangler.yaml")
    let proxy = try Executable.strangler.start(["proxy", "--config", file])
    let port = try await proxy.text(after: "proxy listening on 127.0.0.1:")
    proxy.signal(SIGSTOP)
    var clients: [NIOAsyncChannel<ByteBuffer, ByteBuffer>] = []
    for _ in 0..<count {
      let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: try #require(Int(port))) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
          }
        }
      try await client.channel.writeAndFlush(
        ByteBuffer(string: "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"))
      clients.append(client)
    }
    proxy.signal(SIGTERM)
    proxy.signal(SIGCONT)
    var answered = 0
    for client in clients {
      let answer = try? await client.executeThenClose { inbound, _ in
        try await inbound.first { _ in true }
      }
      if let answer, String(buffer: answer).hasPrefix("HTTP/1.1 ") { answered += 1 }
    }
    #expect(answered == count)
    #expect(await proxy.outcome().exitCode == 0)
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
