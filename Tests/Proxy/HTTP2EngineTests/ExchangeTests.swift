// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Testing

@Suite struct ExchangeTests {
  @Test(arguments: [1, 7, Int.max])
  func aRequestAndItsAnswerPassInPiecesOfAnySize(pieces: Int) throws {
    let pair = try #require(EnginePair())
    let request = try #require(
      pair.request(get + [("cookie", "a=1"), ("content-length", "5")], body: "hello"))
    pair.exchange(pieces: pieces)
    let accepted = try #require(pair.accepted.first)
    #expect(
      accepted.heads == [
        [
          ":method: GET", ":scheme: http", ":authority: shop.test", ":path: /orders?a=1",
          "cookie: a=1", "content-length: 5",
        ]
      ])
    #expect(accepted.body == Array("hello".utf8))
    #expect(accepted.hasEnded)

    accepted.outgoing = Array("world".utf8)
    withFields([(":status", "200"), ("Content-Type", "text/plain")]) {
      pair.server.submitResponse(accepted, $0, hasBody: true)
    }
    pair.exchange(pieces: pieces)
    #expect(request.heads == [[":status: 200", "content-type: text/plain"]])
    #expect(request.body == Array("world".utf8))
    #expect(request.closeCode == 0 && accepted.closeCode == 0)
    #expect(pair.server.streamCount == 0 && pair.client.streamCount == 0)
  }

  @Test func interimHeadsAndTrailersAreToldApart() throws {
    let pair = try #require(EnginePair())
    let request = try #require(pair.request(get))
    pair.exchange()
    let accepted = try #require(pair.accepted.first)
    withFields([(":status", "103"), ("link", "</a>")]) { pair.server.submitInterim(accepted, $0) }
    accepted.outgoing = [UInt8](repeating: 1, count: 40_000)
    withFields([(":status", "200")]) { pair.server.submitResponse(accepted, $0, hasBody: true) }
    withFields([("grpc-status", "0")]) { pair.server.submitTrailers(accepted, $0) }
    pair.exchange()
    #expect(request.heads == [[":status: 103", "link: </a>"], [":status: 200"]])
    #expect(request.body.count == 40_000 && request.trailers == ["grpc-status: 0"])
    #expect(request.hasEnded)
  }

  @Test func aBodyWaitsUntilItIsThere() throws {
    let pair = try #require(EnginePair())
    let request = try #require(pair.request(get))
    pair.exchange()
    let accepted = try #require(pair.accepted.first)
    accepted.outgoingIsComplete = false
    withFields([(":status", "200")]) { pair.server.submitResponse(accepted, $0, hasBody: true) }
    pair.exchange()
    #expect(request.heads == [[":status: 200"]] && request.body.isEmpty && !request.hasEnded)
    accepted.outgoing = [1, 2, 3]
    accepted.outgoingIsComplete = true
    pair.server.bodyIsThere(accepted)
    pair.exchange()
    #expect(request.body == [1, 2, 3] && request.hasEnded)
  }

  @Test func aSenderIsHeldBackUntilItsBytesAreConsumed() throws {
    var limits = HTTP2Limits()
    limits.streamWindow = 1000
    let pair = try #require(EnginePair(limits))
    let opening = try #require(pair.request(get))
    pair.exchange()
    _ = opening
    let body = String(repeating: "x", count: 3000)
    _ = try #require(pair.request(get, body: body))
    pair.exchange()
    let accepted = try #require(pair.accepted.last)
    #expect(accepted.body.count == 1000)
    pair.server.consumed(accepted, 1000)
    pair.exchange()
    #expect(accepted.body.count == 2000)
    pair.server.consumed(accepted, 1000)
    pair.exchange()
    #expect(accepted.body.count == 3000 && accepted.hasEnded)
  }

  @Test func streamsBeyondTheLimitAreRefused() throws {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 2
    let pair = try #require(EnginePair(limits))
    // Sent before the client knew of the limit, the third comes back unserved.
    let streams = (0..<3).compactMap { _ in pair.request(get) }
    pair.exchange()
    #expect(pair.accepted.count == 2)
    #expect(streams.map(\.closeCode) == [nil, nil, HTTP2Code.refusedStream])
    // From now on the client keeps back what is too much.
    #expect(pair.client.mostStreams == 2 && pair.request(get) != nil)
    pair.exchange()
    #expect(pair.accepted.count == 2)
    withFields([(":status", "204")]) {
      pair.server.submitResponse(pair.accepted[0], $0, hasBody: false)
    }
    pair.exchange()
    #expect(pair.accepted.count == 3)
  }

  @Test func anAnnouncedEndLetsStreamsFinish() throws {
    let pair = try #require(EnginePair())
    let request = try #require(pair.request(get))
    pair.exchange()
    pair.server.announceEnd()
    pair.exchange()
    pair.server.refuseStreams()
    pair.exchange()
    #expect(pair.goAway?.lastStream == 1 && pair.goAway?.code == 0)
    #expect(!pair.server.isFinished)
    withFields([(":status", "204")]) {
      pair.server.submitResponse(pair.accepted[0], $0, hasBody: false)
    }
    pair.exchange()
    #expect(request.heads == [[":status: 204"]])
    #expect(pair.server.isFinished)
  }

  @Test func aClosedConnectionEndsItsStreams() throws {
    let pair = try #require(EnginePair())
    _ = pair.request(get)
    pair.exchange()
    pair.accepted[0].outgoing = [1, 2, 3]
    withFields([(":status", "200")]) {
      pair.server.submitResponse(pair.accepted[0], $0, hasBody: true)
    }
    pair.server.close()
    #expect(pair.accepted[0].closeCode == HTTP2Code.cancel)
    #expect(pair.server.streamCount == 0)
    // Nobody asks the stream for its body, which may be gone.
    pair.accepted = []
    #expect(pair.server.nextOutput().isEmpty)
  }
}
