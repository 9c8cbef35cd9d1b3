// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Testing

/// What an attacker sends over and over, and how often it is suffered.
@Suite struct AttackTests {
  /// Feeds `count` frames; the violation, and whether a farewell that says so was sent.
  private func flood(
    _ count: Int, at now: (Int) -> UInt64 = { _ in 0 }, _ limits: HTTP2Limits = HTTP2Limits(),
    _ frame: (Int) -> [UInt8]
  ) throws -> HTTP2Violation? {
    let pair = try #require(EnginePair(limits))
    let server = pair.server
    (Frame.preface + Frame.settings).withUnsafeBytes { server.receive($0) }
    for index in 0..<count {
      server.now = now(index)
      frame(index).withUnsafeBytes { server.receive($0) }
      while !server.nextOutput().isEmpty {}
      if server.violation != nil { break }
    }
    return server.violation
  }

  @Test func rapidReset() throws {
    let attack: (Int) -> [UInt8] = { index in
      let stream = UInt32(index * 2 + 1)
      return Frame.headers(stream) + Frame.reset(stream)
    }
    #expect(try flood(1000, HTTP2Limits(), attack) == .rapidReset)
    #expect(try flood(200, HTTP2Limits(), attack) == nil)
    // As many, but slowly.
    #expect(try flood(1000, at: { UInt64($0) * 25 }, HTTP2Limits(), attack) == nil)
  }

  /// Each stream breaks a rule, so that it is the server that takes it back (CVE-2025-8671).
  @Test func streamsThatTheServerHasToReset() throws {
    let attack: (Int) -> [UInt8] = { index in
      let stream = UInt32(index * 2 + 1)
      // A window of more than 2^31 - 1 bytes.
      return Frame.headers(stream, flags: 0x4)
        + Frame.make(8, stream: stream, [0x7f, 0xff, 0xff, 0xff])
    }
    #expect(try flood(1000, HTTP2Limits(), attack) == .refusalFlood)
    #expect(try flood(100, HTTP2Limits(), attack) == nil)
  }

  @Test func continuationFlood() throws {
    let violation = try flood(20) { index in
      index == 0
        ? Frame.headers(1, flags: 0) : Frame.make(9, stream: 1, [0x00, 0x01, 0x61, 0x01, 0x62])
    }
    #expect(violation == .continuationFlood)
  }

  @Test func aHeaderBlockLongerThanTheLimit() throws {
    var limits = HTTP2Limits()
    limits.headerBlock = 20_000
    let literal: [UInt8] =
      [0x00, 0x01, 0x61, 0x7f, 0xa9, 0x7e] + [UInt8](repeating: 98, count: 16_296)
    let violation = try flood(3, limits) { index in
      index == 0 ? Frame.headers(1, flags: 0) : Frame.make(9, stream: 1, literal)
    }
    #expect(violation == .headerFlood)
  }

  /// A large field goes into the table once and is then named by one byte, thousands of times.
  @Test func aHeaderBlockThatUnpacksToTooMuch() throws {
    let field: [UInt8] = [0x40, 0x01, 0x61, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 98, count: 4000)
    let bomb = [0x82, 0x84, 0x87, 0x01, 0x01, 0x61] + field + [UInt8](repeating: 0xbe, count: 5000)
    let violation = try flood(1) { _ in Frame.make(1, flags: 0x5, stream: 1, bomb) }
    #expect(violation == .headerFlood)
  }

  @Test func aSectionBeyondTheLimitIsReportedAndCut() throws {
    var limits = HTTP2Limits()
    limits.fieldSection = 1000
    let pair = try #require(EnginePair(limits))
    _ = pair.request(get + [("a", String(repeating: "b", count: 900)), ("c", "d")])
    pair.exchange()
    let accepted = try #require(pair.accepted.first)
    #expect(accepted.isTooLarge && accepted.heads == [get.map { "\($0): \($1)" }])
    #expect(pair.server.violation == nil)
  }

  @Test(arguments: [
    (UInt8(4), HTTP2Violation.settingsFlood, [UInt8]()),
    (6, .pingFlood, [UInt8](repeating: 0, count: 8)),
    (8, .windowUpdateFlood, [0, 0, 0, 1]),
    (0x20, .idleFrameFlood, []),
  ])
  func framesThatServeNoRequest(
    type: UInt8, violation: HTTP2Violation, payload: [UInt8]
  ) throws {
    let frame = Frame.make(type, stream: 0, payload)
    #expect(try flood(2000) { _ in frame } == violation)
    #expect(try flood(15) { _ in frame } == nil)
  }

  /// Who measures the way sends one for each DATA that it gets.
  @Test func pingsThatAnswerDataAreNoFlood() throws {
    let pair = try #require(EnginePair())
    _ = pair.request(get)
    pair.exchange()
    let accepted = try #require(pair.accepted.first)
    accepted.outgoingIsComplete = false
    withFields([(":status", "200")]) { pair.server.submitResponse(accepted, $0, hasBody: true) }
    pair.exchange()
    for _ in 0..<500 {
      accepted.outgoing = [1]
      pair.server.bodyIsThere(accepted)
      pair.exchange()
      Frame.make(6, stream: 0, [UInt8](repeating: 0, count: 8))
        .withUnsafeBytes { pair.server.receive($0) }
    }
    #expect(pair.server.violation == nil)
  }

  /// A server may reset each stream once it has answered.
  @Test func resetsOfAServerAreNoAttack() throws {
    let pair = try #require(EnginePair())
    for _ in 0..<500 {
      let request = try #require(pair.request(get))
      pair.exchange()
      pair.server.reset(try #require(pair.accepted.last), code: HTTP2Code.none)
      pair.exchange()
      #expect(request.closeCode == HTTP2Code.none)
    }
    #expect(pair.client.violation == nil)
  }

  @Test func emptyData() throws {
    let violation = try flood(300) { index in
      index == 0 ? Frame.headers(1, flags: 0x4) : Frame.make(0, stream: 1, [])
    }
    #expect(violation == .emptyDataFlood)
  }

  @Test func streamsBeyondTheLimitAgainAndAgain() throws {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 1
    let violation = try flood(400, limits) { index in
      Frame.headers(UInt32(index * 2 + 1))
    }
    #expect(violation == .refusalFlood)
    // Who acknowledged the limit and breaks it is no longer refused but sent away.
    let rude = try flood(3, limits) { index in
      (index == 0 ? Frame.make(4, flags: 1, stream: 0, []) : [])
        + Frame.headers(UInt32(index * 2 + 1))
    }
    #expect(rude == .protocolError)
  }

  /// What a peer does not read must not pile up for it.
  @Test func refusalsThatNobodyReads() throws {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 1
    let pair = try #require(EnginePair(limits))
    (Frame.preface + Frame.settings).withUnsafeBytes { pair.server.receive($0) }
    for index in 0..<(2 * limits.waitingFrames) where pair.server.violation == nil {
      Frame.headers(UInt32(index * 2 + 1)).withUnsafeBytes { pair.server.receive($0) }
    }
    #expect(pair.server.violation == .refusalFlood)
  }

  @Test func whatIsNoHTTP2() throws {
    let pair = try #require(EnginePair())
    "GET / HTTP/1.1\r\nhost: a\r\n\r\n".withBytes { pair.server.receive($0) }
    #expect(pair.server.violation == .protocolError)
  }

  @Test func theFarewellNamesTheReason() throws {
    let pair = try #require(EnginePair())
    pair.exchange()
    let ping = Frame.make(6, stream: 0, [UInt8](repeating: 0, count: 8))
    for _ in 0..<200 { ping.withUnsafeBytes { pair.server.receive($0) } }
    pair.exchange()
    #expect(pair.goAway?.code == HTTP2Code.enhanceYourCalm)
    #expect(pair.server.isFinished)
  }
}
