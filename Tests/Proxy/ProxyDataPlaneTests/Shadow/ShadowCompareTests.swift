// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import ShadowComparison
import Synchronization
import Testing

@Suite("Shadow: what is found", .everyTransport, .timeLimit(.minutes(2)))
struct ShadowCompareTests {
  /// What the extracted side does differently, all of it at once; two endpoints do one thing more.
  private static let planted: Set<PathKind> = [
    PathKind(path: ResponsePath("total"), kind: .value),
    PathKind(path: ResponsePath("count"), kind: .type),
    PathKind(path: ResponsePath("note"), kind: .presence),
    PathKind(path: ResponsePath("tags[]"), kind: .order),
    PathKind(path: ResponsePath("price"), kind: .value),
    PathKind(path: ResponsePath("header:content-type"), kind: .value),
  ]

  /// An answer of a shop, with everything in it that two answers of one server differ in too.
  private static func answer(to request: WireMessage, isPlanted: Bool) -> String {
    var draw = SystemRandomNumberGenerator()
    let noise = UInt64.random(in: 0 ... .max, using: &draw)
    let shuffled = (1...4).map { "{\"sku\":\"s\($0)\",\"left\":\($0)}" }.shuffled()
    let body =
      "{\"servedAt\":\"\(noise)\",\"requestId\":\"r-\(noise % 1_000_003)\","
      + "\"stock\":[\(shuffled.joined(separator: ","))],\"load\":\(noise % 100),"
      + "\"total\":\(isPlanted ? 12 : 11),\"count\":\(isPlanted ? "\"3\"" : "3"),"
      + (isPlanted ? "" : "\"note\":\"gift\",")
      + "\"price\":\(isPlanted ? "10.100000000000001" : "10.1"),"
      + "\"tags\":\(isPlanted ? "[\"b\",\"a\"]" : "[\"a\",\"b\"]")}"
    let type = isPlanted ? "application/problem+json" : "application/json"
    let status = isPlanted && request.startLine.contains("/status") ? "202 Accepted" : "200 OK"
    let missing = isPlanted && request.startLine.contains("/cut") ? 10 : 0
    return
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nDate: \(noise)\r\n"
      + "Content-Length: \(body.utf8.count + missing)\r\n\r\n\(body)"
  }

  @Test("Every planted difference is found, and no noise is, in 500 noisy answers")
  func plantedDifferences() async throws {
    let ledger = TestLedger()
    let service: Origin.Behaviour = { connection, _ in
      while let request = try await connection.message() {
        try await connection.send(Self.answer(to: request, isPlanted: true))
        if request.startLine.contains("/cut") { return }
      }
    }
    let shop = Origin.answering { Self.answer(to: $0, isPlanted: false) }
    let rules = ComparisonRules(unordered: [.init(PathPattern("stock[]"), key: "sku")])
    try await Origin.run(shop) { old in
      try await Origin.run(service) { new in
        let proxied = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port,
          ShadowConfiguration(
            deadline: .seconds(60), inFlight: 64, askAgain: .full, rules: rules),
          // A service that cuts every answer to one of its endpoints is no case for a breaker here.
          breaker: .rules(BreakerRules(trip: .consecutive(failures: 1_000))))
        try await RunningProxy.run(proxied, ledger: ledger) { proxy in
          try await Self.ask(proxy, "/orders", times: 500)
          try await Self.ask(proxy, "/status", times: 20)
          try await Self.ask(proxy, "/cut", times: 20)
          try await proxy.shadowsEnd()
          let tally = try #require(proxy.shadow?.tally)
          #expect(tally.drops.isEmpty)
          #expect(tally.comparisons == 540)
          #expect(tally.judged == 540 && tally.odd.extracted == 520)
        }
      }
    }
    let report = ledger.report
    func found(_ name: String) -> Set<PathKind> {
      let paths = report.endpoints.first { $0.name == name }?.paths ?? []
      return Set(paths.filter(\.isDifference).map(\.pathKind))
    }
    #expect(found("GET /orders") == Self.planted)
    #expect(
      found("GET /status")
        == Self.planted.union([PathKind(path: ResponsePath("status"), kind: .value)]))
    #expect(report.endpoints.first { $0.name == "GET /cut" }?.outcomes == [.extractedError: 20])
  }

  private static func ask(_ proxy: RunningProxy, _ path: String, times: Int) async throws {
    try await Loopback.connect(proxy.port) { client in
      for _ in 0..<times {
        // Nobody outruns the line here; that it drops is another test.
        try await proxy.waits { $0.waiting < 64 }
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.message()?.status == 200)
      }
    }
  }

  @Test("A client that takes chunks, or none at all, is compared by the same bytes")
  func framings() async throws {
    let chunked: Origin.Behaviour = Origin.answering { _ in
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        + "5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n"
    }
    let plain: Origin.Behaviour = Origin.answering { _ in
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}"
    }
    for (left, right) in [(chunked, plain), (plain, chunked), (chunked, chunked)] {
      let ledger = TestLedger()
      try await Origin.run(left) { old in
        try await Origin.run(right) { new in
          let configuration = try ProxyConfiguration.shadowed(
            legacy: old.port, extracted: new.port, ShadowConfiguration())
          try await RunningProxy.run(configuration, ledger: ledger) { proxy in
            for version in ["1.1", "1.0"] {
              try await Loopback.connect(proxy.port) { client in
                try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
                #expect(try await client.message()?.text == "{\"a\":1}")
              }
            }
            try await proxy.waits { $0.outcomes == [.matched: 2] }
          }
        }
      }
      for finding in ledger.findings.withLock(\.self) {
        #expect(finding.legacy == .response(Self.small))
        #expect(finding.extracted == .response(Self.small))
      }
    }
  }

  private static let small = ComparedResponse(
    status: 200, headers: [.init(name: "content-type", value: "application/json")],
    body: Array("{\"a\":1}".utf8))

  @Test("What is larger than may be kept is compared by length and hash")
  func largeAnswers() async throws {
    for isEqual in [true, false] {
      let body = String(repeating: "x", count: 300_000)
      let other = isEqual ? body : String(body.dropLast()) + "y"
      let ledger = TestLedger()
      try await Origin.run(Origin.saying(body)) { old in
        try await Origin.run(Origin.saying(other)) { new in
          let configuration = try ProxyConfiguration.shadowed(
            legacy: old.port, extracted: new.port,
            ShadowConfiguration(compareBytes: 64 << 10, bodyBytes: 256 << 10))
          try await RunningProxy.run(configuration, ledger: ledger) { proxy in
            try await Loopback.connect(proxy.port) { client in
              try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.body.readableBytes == 300_000)
            }
            try await proxy.waits { $0.outcomes == [isEqual ? .matched : .mismatched: 1] }
            try await proxy.shadowsEnd()
            let snapshot = try #require(proxy.shadow)
            while proxy.shadow?.bytes != 0 { try await letOthersRun() }
            #expect(snapshot.peakBytes <= 256 << 10)
          }
        }
      }
      let findings = ledger.findings.withLock(\.self)
      let finding = try #require(findings.first)
      guard case .response(let kept) = finding.legacy, case .digest(let digest) = kept.body else {
        Issue.record("kept whole")
        continue
      }
      #expect(digest == BodyDigest(Array(body.utf8)))
    }
  }

  @Test("A failure is held against legacy only where the extracted side does better")
  func failures() async throws {
    let failing: Origin.Behaviour = Origin.answering { _ in
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
    }
    for isAlone in [false, true] {
      try await Origin.run(failing) { old in
        try await Origin.run(isAlone ? Origin.saying("new") : failing) { new in
          let configuration = try ProxyConfiguration.shadowed(
            legacy: old.port, extracted: new.port, ShadowConfiguration())
          try await RunningProxy.run(configuration) { proxy in
            try await Loopback.connect(proxy.port) { client in
              try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.status == 503)
            }
            let tally = try await proxy.waits { $0.outcomes == [.legacyError: 1] }
            #expect(tally.judged == 1 && tally.legacyFailedAlone == (isAlone ? 1 : 0))
          }
        }
      }
    }
  }

  /// Settled paths are asked about again now and then, and an approved one with them.
  @Test("What somebody approved is held against nobody, also when legacy is asked once more")
  func approved() async throws {
    let body = PathKind(path: ResponsePath("body"), kind: .value)
    let ledger = TestLedger(
      approvals: [
        NoiseApproval(
          endpoint: "GET /", pathKind: body, actor: "ann", reason: "meant", approvedAt: 0)
      ], draw: 0)
    func side(_ text: String) -> Origin.Behaviour {
      Origin.answering { _ in
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\n\(text)"
      }
    }
    try await Origin.run(side("1")) { old in
      try await Origin.run(side("2")) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration())
        try await RunningProxy.run(configuration, ledger: ledger) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 1...3 {
              try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.status == 200)
            }
          }
          let tally = try await proxy.waits { $0.judged == 3 }
          #expect(tally.reasks == 3)
          #expect(tally.outcomes == [.ignored: 3])
          #expect(tally.odd.extracted == 0 && tally.odd.legacy == 0)
        }
      }
    }
    #expect(ledger.report.endpoints.first?.paths.first?.evidence.extractedOdd == 3)
  }

  @Test("Answers packed in an unknown way, and bodies that are too large, are not compared")
  func notComparable() async throws {
    let packed: Origin.Behaviour = Origin.answering { _ in
      "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nxx"
    }
    try await Origin.run(packed) { old in
      try await Origin.run(packed) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port,
          ShadowConfiguration(includesWrites: true, compareBytes: 1_000), isSandbox: true)
        try await RunningProxy.run(configuration) { proxy in
          let body = String(repeating: "x", count: 2_000)
          try await Loopback.connect(proxy.port) { client in
            for request in [
              "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
              "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n\(body)",
              "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "7d0\r\n\(body)\r\n0\r\n\r\n",
            ] {
              try await client.send(request)
              #expect(try await client.message()?.status == 200)
            }
          }
          try await proxy.waits { $0.drops == [.encoded: 1, .bodyTooLarge: 2] }
          while proxy.shadow?.bytes != 0 { try await letOthersRun() }
        }
      }
    }
  }
}
