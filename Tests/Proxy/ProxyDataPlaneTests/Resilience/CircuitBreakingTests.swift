// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@Suite("Circuit breaking", .everyTransport, .timeLimit(.minutes(1)))
struct CircuitBreakingTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"

  /// An origin that fails while the flag says so.
  private static func failing(_ isFailing: Flag) -> Origin.Behaviour {
    Origin.answering { _ in
      isFailing.value
        ? "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
        : "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew"
    }
  }

  final class Flag: Sendable {
    private let flag: Atomic<Bool>
    init(_ value: Bool) { flag = Atomic(value) }
    var value: Bool { flag.load(ordering: .acquiring) }
    func set(_ value: Bool) { flag.store(value, ordering: .releasing) }
  }

  @Test("It opens, legacy answers reads and writes fail fast, it tries again and closes")
  func wholeCircle() async throws {
    let isFailing = Flag(true)
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(Self.failing(isFailing)) { extracted in
        let configuration = try ProxyConfiguration.extracted(extracted.port, legacy: legacy.port)
          .policies(of: "orders") {
            $0.breaker = .rules(BreakerRules(open: .milliseconds(300), readmission: .zero))
          }
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<5 {
              try await client.send(Self.post)
              #expect(try await client.message()?.status == 500)
            }
            // Whatever the time, at most two tries reach the failing side from now on.
            try await client.send(Self.post)
            let refused = try #require(try await client.message())
            if refused.status != 500 {
              #expect(refused.status == 503)
              #expect(refused.text.contains("\"reason\":\"circuit-open\""))
              #expect(refused.value("retry-after") == "1")
            }
            isFailing.set(false)
            try await proxy.waits(for: "orders") {
              $0.breaker == "closed" && $0.totals.breakerOpened > 0
            } meanwhile: {
              try await client.send(Self.get)
              let answer = try #require(try await client.message())
              #expect(answer.status == 200)
              #expect((answer.value("strangler-fallback") != nil) == (answer.text == "legacy"))
            }
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "new")
          }
          let totals = proxy.server.upstreams.snapshot()[1].totals
          #expect(totals.refusedByBreaker > 0)
        }
      }
    }
  }

  @Test("Open for long, it keeps every request from a side that is down")
  func nothingPasses() async throws {
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(Self.failing(Flag(true))) { extracted in
        let configuration = try ProxyConfiguration.extracted(extracted.port, legacy: legacy.port)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<5 {
              try await client.send(Self.get)
              #expect(try await client.message()?.status == 500)
            }
            for _ in 0..<20 {
              try await client.send(Self.get)
              #expect(try await client.message()?.text == "legacy")
            }
            try await client.send(Self.post)
            #expect(try await client.message()?.status == 503)
          }
          #expect(extracted.requests.value == 5)
          #expect(proxy.server.upstreams.snapshot()[1].breaker == "open")
          // Legacy has no breaker: nobody could answer in its place.
          #expect(proxy.server.upstreams.snapshot()[0].breaker == nil)
        }
      }
    }
  }

  @Test("Switched off, every request goes to the failing side")
  func off() async throws {
    try await Origin.run(Self.failing(Flag(true))) { extracted in
      let configuration = try ProxyConfiguration.extracted(extracted.port, legacy: 9)
        .policies(of: "orders") { $0.breaker = .off }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<20 {
            try await client.send(Self.get)
            #expect(try await client.message()?.status == 500)
          }
        }
      }
      #expect(extracted.requests.value == 20)
    }
  }
}
