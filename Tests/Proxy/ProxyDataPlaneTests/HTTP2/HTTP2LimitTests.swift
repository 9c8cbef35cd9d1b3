// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("HTTP/2 limits that are set", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2LimitTests {
  private static func configuration(
    _ port: Int, _ change: (inout HTTP2ClientLimits) -> Void
  ) throws -> ProxyConfiguration {
    var limits = ProxyLimits()
    change(&limits.http2)
    return try .all(to: port, limits: limits)
  }

  @Test("Clients are told how many streams they may open, and how much they may send ahead")
  func announced() async throws {
    let configuration = try Self.configuration(9) {
      $0.concurrentStreams = 7
      $0.headerBlock = 8192
      $0.streamWindow = 70_000
      $0.connectionWindow = 90_000
    }
    try await RunningProxy.run(configuration) { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send(
          ByteBuffer(bytes: RawFrames.preface + RawFrames.frame(4, stream: 0, [])))
        // INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE and MAX_CONCURRENT_STREAMS; then the window of
        // the connection, of which there are 65535 bytes without a word.
        let settings = RawFrames.frame(
          4, stream: 0,
          Self.setting(4, 70_000) + Self.setting(6, 8192) + Self.setting(3, 7))
        let update = RawFrames.frame(8, stream: 0, Self.bytes(90_000 - 65_535))
        while !RawFrames.contains(client.received, settings)
          || !RawFrames.contains(client.received, update)
        {
          guard try await client.receive() else { throw WireError(description: "closed") }
        }
      }
    }
  }

  private static func setting(_ number: UInt8, _ value: Int) -> [UInt8] {
    [0, number] + bytes(value)
  }

  private static func bytes(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) }
  }

  @Test("A client that takes back more streams than it may is sent away")
  func resets() async throws {
    let configuration = try Self.configuration(9) {
      $0.resets = 3
      $0.resetsPerSecond = 0
    }
    try await RunningProxy.run(configuration) { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        for _ in 0..<4 {
          let call = try client.call("/", method: "POST", body: [1], sendsWhole: false)
          try await client.send()
          client.engine.reset(call, code: HTTP2Code.cancel)
        }
        try await client.wait { client.goAway != nil }
        #expect(client.goAway == HTTP2Code.enhanceYourCalm)
      }
    }
  }

  @Test("Fields beyond the list's limit are 431")
  func headerList() async throws {
    let configuration = try Self.configuration(9) { $0.headerList = 4096 }
    try await RunningProxy.run(configuration) { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        let call = try client.call("/", [("x", String(repeating: "y", count: 5000))])
        try await client.answer(to: call)
        #expect(call.status == 431)
      }
    }
  }
}
