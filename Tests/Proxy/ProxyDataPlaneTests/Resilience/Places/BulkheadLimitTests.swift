// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

@Suite("Limits of requests under way", .everyTransport, .timeLimit(.minutes(1)))
struct BulkheadLimitTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  private static func held(by gate: Gate) -> Origin.Behaviour {
    { connection, requests in
      while try await connection.message() != nil {
        requests.add()
        await gate.wait()
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
      }
    }
  }

  private static func configuration(
    _ origin: Origin, queue: Int, wait: Duration
  ) throws -> ProxyConfiguration {
    try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") {
      $0.bulkhead = BulkheadRules(inFlight: 1, queue: queue, wait: wait)
    }
  }

  private static func ask(_ proxy: RunningProxy) async throws -> WireMessage? {
    try await Loopback.connect(proxy.port) { client in
      try await client.send(get)
      return try await client.message()
    }
  }

  @Test("One under way, one in line, the third is answered 503 at once; the line moves on")
  func order() async throws {
    let gate = Gate()
    try await Origin.run(Self.held(by: gate)) { origin in
      let configuration = try Self.configuration(origin, queue: 1, wait: .seconds(50))
      try await RunningProxy.run(configuration) { proxy in
        try await withThrowingTaskGroup(of: WireMessage?.self) { group in
          group.addTask { try await Self.ask(proxy) }
          try await proxy.waits(for: "legacy") { $0.totals.inFlight == 1 }
          group.addTask { try await Self.ask(proxy) }
          try await proxy.waits(for: "legacy") { $0.totals.waiting == 1 }
          let third = try #require(try await Self.ask(proxy))
          #expect(third.status == 503)
          #expect(third.text.contains("\"reason\":\"overloaded\""))
          #expect(third.value("retry-after") == "1")
          gate.open()
          for try await answer in group { #expect(answer?.text == "ok") }
        }
        try await proxy.waits(for: "legacy") {
          $0.totals.inFlight == 0 && $0.totals.waiting == 0 && $0.totals.overloaded == 1
        }
      }
      #expect(origin.requests.value == 2)
    }
  }

  @Test("A wait in line that lasts too long is 503, not 504")
  func wait() async throws {
    let gate = Gate()
    try await Origin.run(Self.held(by: gate)) { origin in
      let configuration = try Self.configuration(origin, queue: 5, wait: .milliseconds(50))
      try await RunningProxy.run(configuration) { proxy in
        try await withThrowingTaskGroup(of: WireMessage?.self) { group in
          group.addTask { try await Self.ask(proxy) }
          try await proxy.waits(for: "legacy") { $0.totals.inFlight == 1 }
          let second = try #require(try await Self.ask(proxy))
          #expect(second.status == 503)
          #expect(second.text.contains("\"reason\":\"queue-timeout\""))
          gate.open()
          for try await answer in group { #expect(answer?.text == "ok") }
        }
        try await proxy.waits(for: "legacy") { $0.totals.queueTimeouts == 1 }
      }
      #expect(origin.requests.value == 1)
    }
  }

  @Test("A client that leaves gives up its place in line, or its place")
  func left() async throws {
    let gate = Gate()
    try await Origin.run(Self.held(by: gate)) { origin in
      let configuration = try Self.configuration(origin, queue: 1, wait: .seconds(50))
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { first in
          try await first.send(Self.get)
          try await proxy.waits(for: "legacy") { $0.totals.inFlight == 1 }
          try await Loopback.connect(proxy.port) { second in
            try await second.send(Self.get)
            try await proxy.waits(for: "legacy") { $0.totals.waiting == 1 }
            try await second.reset()
          }
          try await proxy.waits(for: "legacy") { $0.totals.waiting == 0 }
          try await first.reset()
        }
        try await proxy.waits(for: "legacy") { $0.totals.inFlight == 0 }
        gate.open()
        #expect(try await Self.ask(proxy)?.text == "ok")
      }
    }
  }

  @Test("Places count for all workers: however clients are spread, each finds one")
  func allWorkers() async throws {
    let gate = Gate()
    try await Origin.run(Self.held(by: gate)) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") {
        $0.bulkhead = BulkheadRules(inFlight: 15, queue: 0)
      }
      configuration.workers = 2
      try await RunningProxy.run(configuration) { proxy in
        try await withThrowingTaskGroup(of: WireMessage?.self) { group in
          for _ in 0..<15 { group.addTask { try await Self.ask(proxy) } }
          // One that is refused ends the wait as well.
          try await proxy.waits(for: "legacy") {
            origin.requests.value == 15 || $0.totals.overloaded > 0
          }
          #expect(origin.requests.value == 15)
          if origin.requests.value == 15 {
            let another = try await Self.ask(proxy)
            #expect(another?.status == 503)
          }
          gate.open()
          for try await answer in group { #expect(answer?.text == "ok") }
        }
      }
    }
  }

  @Test("Many clients share few places, and each is answered", arguments: [1, 2])
  func crowd(workers: Int) async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      var configuration = try ProxyConfiguration.all(
        to: origin.port, timeouts: ProxyTimeouts(connect: .seconds(50))
      ).policies(of: "legacy") {
        $0.bulkhead = BulkheadRules(inFlight: 2, queue: 100, wait: .seconds(50))
      }
      configuration.workers = workers
      try await RunningProxy.run(configuration) { proxy in
        let answered = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<20 {
            group.addTask {
              try await Loopback.connect(proxy.port) { client in
                var answered = 0
                for _ in 0..<20 {
                  try await client.send(Self.get)
                  if try await client.message()?.text == "ok" { answered += 1 }
                }
                return answered
              }
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(answered == 400)
      }
      #expect(origin.connections.value <= 2 * workers)
    }
  }
}
