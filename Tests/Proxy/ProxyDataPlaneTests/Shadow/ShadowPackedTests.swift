// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import ShadowComparison
import Testing

@Suite("Shadow: packed answers", .everyTransport, .timeLimit(.minutes(1)))
struct ShadowPackedTests {
  /// `{"total":11,...}` by two packers, the same with 12, and ten times 64 KiB of zeros.
  private static let (fast, best, other, zeros) = (
    "H4sIAAAAAAAE/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA==",
    "H4sIAAAAAAAC/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA==",
    "H4sIAAAAAAAC/6tWKskvScxRsjI00lHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagGNtLEvJQAAAA==",
    "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"
  )

  private static func bytes(_ base64: String) -> Data { Data(base64Encoded: base64) ?? Data() }

  /// What a side answers to `/same`, `/other`, `/cut`, `/bomb` and `/lost`, which no side can read.
  private static func side(isExtracted: Bool) -> Origin.Behaviour {
    { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        let path = String(request.startLine.split(separator: " ")[1])
        var body = bytes(isExtracted ? best : fast)
        if isExtracted, path == "/other" { body = bytes(other) }
        if isExtracted, path == "/cut" { body = body.dropLast(5) }
        if path == "/lost" { body = body.dropLast(5) }
        if path == "/bomb" { body = Data(repeatElement(bytes(zeros), count: 10).joined()) }
        var answer = ByteBuffer(
          string: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            + "Content-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n")
        answer.writeBytes(body)
        try await connection.send(answer)
      }
    }
  }

  @Test("Their content is compared: what differs inside is found, and how it was packed is not")
  func content() async throws {
    let ledger = TestLedger()
    try await Origin.run(Self.side(isExtracted: false)) { old in
      try await Origin.run(Self.side(isExtracted: true)) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port,
          ShadowConfiguration(inFlight: 64, compareBytes: 4_096, askAgain: .full))
        try await RunningProxy.run(configuration, ledger: ledger) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for path in ["/same", "/other", "/cut", "/bomb", "/lost"] {
              for _ in 0..<15 {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.message()?.status == 200)
              }
              try await proxy.shadowsEnd()
            }
          }
          let tally = try #require(proxy.shadow?.tally)
          #expect(tally.outcomes == [.matched: 15, .mismatched: 15, .extractedError: 15])
          #expect(tally.failures == [.undecodable: 15])
          #expect(tally.drops == [.unpackedTooLarge: 15, .legacyUnanswered: 15])
          #expect(tally.judged == 45 && tally.odd.extracted == 15 && tally.odd.legacy == 0)
          while proxy.shadow?.bytes != 0 { try await letOthersRun() }
        }
      }
    }
    let endpoints = ledger.report.endpoints
    let found = endpoints.first { $0.name == "GET /other" }
    #expect(found?.paths.map(\.pathKind.path.description) == ["total"])
    #expect(found?.paths.map(\.label) == [.real])
    let cut = endpoints.first { $0.name == "GET /cut" }
    #expect(cut?.paths.first?.example.extracted == "no answer: undecodable")
  }
}
