// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import NIOCore
import NIOPosix
import ShadowComparison
import ShadowEvidenceStore
import ShadowTraffic
import Testing

/// Replays over real sockets on loopback.
@Suite(.timeLimit(.minutes(1)))
struct ReplayTests {
  @Test func tellsBehaviourFromNoise() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let requests = (1...15).map { ReplayBench.get("/orders/\($0)?x=1") }
    try await TestSide.serving { _, number in
      TestSide.json(#"{"total":10,"nonce":\#(number)}"#)
    } _: { legacy in
      try await TestSide.serving { _, number in
        TestSide.json(#"{"total":11,"nonce":\#(1_000 + number)}"#)
      } _: { extracted in
        let report = try await bench.replay(
          requests, legacy: legacy.base, extracted: extracted.base, repeats: 2)
        let endpoint = try #require(report.endpoints.first)
        #expect(report.endpoints.map(\.name) == ["GET /orders/{id}"])
        #expect(endpoint.outcomes == [.mismatched: 30])
        #expect(endpoint.paths.map(\.pathKind.path.description) == ["total", "nonce"])
        #expect(endpoint.paths.map(\.label) == [.real, .noiseProposed])
        #expect(endpoint.latency != nil)
        #expect(endpoint.paths.allSatisfy { $0.pairs.count == 3 })
        // Asked again until both paths are settled, and hardly ever after that.
        #expect((20...24).contains(report.reasks))
        #expect(legacy.journal.all.count == 30 + report.reasks)
        #expect(extracted.journal.all.count == 30)
        #expect(
          legacy.journal.all.allSatisfy { $0.headers["x-strangler-shadow"] == "replay" })
        let pair = try #require(try await bench.store.pair(endpoint.paths[0].pairs[0]))
        #expect(pair.request.hasPrefix("GET /orders/"))
      }
    }
  }

  @Test func packedAnswersAreComparedByTheirContent() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    @Sendable func packed(_ base64: String) -> Response {
      Response(
        status: .ok, headers: [.contentType: "application/json", .contentEncoding: "gzip"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: Data(base64Encoded: base64) ?? Data())))
    }
    // Totals of 11 and 12.
    let (one, other) = (
      "H4sIAAAAAAAE/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA==",
      "H4sIAAAAAAAC/6tWKskvScxRsjI00lHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagGNtLEvJQAAAA=="
    )
    // Its end is missing, with the checksum of what was packed.
    let cut = String(one.prefix(64))
    try await TestSide.serving { asked, _ in
      packed(asked.target == "/lost" ? cut : one)
    } _: { legacy in
      try await TestSide.serving { asked, _ in
        switch asked.target {
        case "/other": packed(other)
        case "/cut", "/lost": packed(cut)
        default: TestSide.json(#"{"total":11,"note":"gift","sku":"s1"}"#)
        }
      } _: { extracted in
        let report = try await bench.replay(
          ["/plain", "/other", "/cut", "/lost"].map { ReplayBench.get($0) }, legacy: legacy.base,
          extracted: extracted.base)
        func endpoint(_ name: String) -> ShadowReport.Endpoint? {
          report.endpoints.first { $0.name == "GET " + name }
        }
        #expect(endpoint("/plain")?.outcomes == [.matched: 1])
        #expect(endpoint("/other")?.outcomes == [.mismatched: 1])
        #expect(endpoint("/other")?.paths.map(\.pathKind.path.description) == ["total"])
        #expect(endpoint("/cut")?.outcomes == [.extractedError: 1])
        #expect(endpoint("/lost")?.drops == [.legacyUnanswered: 1])
        #expect(endpoint("/lost")?.outcomes == [:])
        #expect(
          endpoint("/cut")?.paths.first?.example.extracted == "no answer: undecodable")
      }
    }
  }

  @Test func writesKeepTheirOrderAndAreNeverSentTwice() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let requests = (0..<8).map { number in
      RecordedExchange(
        startedAt: "", method: number.isMultiple(of: 2) ? "POST" : "GET",
        url: "http://recorded/\(number)", body: number.isMultiple(of: 2) ? Array("b".utf8) : [])
    }
    try await TestSide.serving { _, number in
      TestSide.json("\(number)")
    } _: { legacy in
      try await TestSide.serving { _, number in
        TestSide.json("\(-number)")
      } _: { extracted in
        let report = try await bench.replay(
          requests, legacy: legacy.base, extracted: extracted.base, writes: true)
        let writes = extracted.journal.all
        #expect(writes.map(\.target) == (0..<8).map { "/\($0)" })
        #expect(writes.map(\.body) == ["b", "", "b", "", "b", "", "b", ""])
        #expect(legacy.journal.all.count { $0.method == "POST" } == 4)
        #expect(report.reasks == 4)
      }
    }
  }

  @Test func writesThatAreNotSentAreCounted() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let write = RecordedExchange(startedAt: "", method: "DELETE", url: "http://recorded/orders/1")
    try await TestSide.serving { _, _ in
      TestSide.json("1")
    } _: { side in
      let report = try await bench.replay(
        [ReplayBench.get("/orders/1"), write], legacy: side.base, extracted: side.base)
      #expect(report.endpoints.first { $0.name.hasPrefix("DELETE") }?.drops == [.unsafeMethod: 1])
      #expect(side.journal.all.allSatisfy { $0.method == "GET" })
      #expect(report.endpoints.first { $0.name.hasPrefix("GET") }?.outcomes == [.matched: 1])
    }
  }

  @Test func aSideThatIsDownSlowOrBrokenIsCountedAsSuch() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let nobody = try #require(BaseAddress(parsing: "http://127.0.0.1:1"))
    // Takes connections and says nothing.
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let silence = try #require(
      BaseAddress(parsing: "http://127.0.0.1:\(silent.localAddress?.port ?? 0)"))
    try await TestSide.serving { _, _ in
      TestSide.json("1")
    } _: { side in
      let requests = [ReplayBench.get("/quick")]
      let down = try await bench.replay(requests, legacy: side.base, extracted: nobody)
      #expect(down.endpoints.first?.outcomes == [.extractedError: 1])
      #expect(down.endpoints.first?.paths.first?.example.extracted == "no answer: unreachable")
      let legacyDown = try await bench.replay(requests, legacy: nobody, extracted: side.base)
      #expect(legacyDown.endpoints.first?.outcomes == [.legacyError: 1])
      let slow = try await bench.replay(
        requests, legacy: side.base, extracted: silence,
        answers: AnswerLimits(deadline: .milliseconds(200)))
      #expect(slow.endpoints.first?.outcomes == [.extractedError: 1])
      #expect(slow.endpoints.first?.paths.first?.example.extracted == "no answer: deadline")
    }
    try await silent.close()
  }

  @Test func bodiesBeyondTheirLimitsAreHashedAndThenDropped() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    try await TestSide.serving { _, _ in
      TestSide.json(String(repeating: "1", count: 5_000))
    } _: {
      side in
      let requests = [ReplayBench.get("/large")]
      let hashed = try await bench.replay(
        requests, legacy: side.base, extracted: side.base,
        answers: AnswerLimits(compareBytes: 100))
      #expect(hashed.endpoints.first?.outcomes == [.matched: 1])
      let dropped = try await bench.replay(
        requests, legacy: side.base, extracted: side.base,
        answers: AnswerLimits(compareBytes: 100, bodyBytes: 4_999))
      #expect(dropped.endpoints.first?.drops == [.bodyTooLarge: 1])
      #expect(dropped.comparisons == 0)
    }
  }
}
