// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS records", .timeLimit(.minutes(2))) struct RecordTests {
  let setting: Setting

  init() throws { setting = try Setting() }

  private func pair(_ version: TLSVersion = .v1_3) throws -> EnginePair {
    try setting.talked(
      setting.server(setting.listener("shop.example")), setting.client(maximum: version))
  }

  @Test(arguments: TLSVersion.allCases)
  func `8 MiB arrive whole both ways whatever the pieces`(version: TLSVersion) throws {
    let pair = try pair(version)
    let bytes = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
    #expect(pair.client.send(bytes))
    #expect(pair.server.send(bytes))
    pair.exchange(step: 12_345)
    #expect(pair.server.received == bytes)
    #expect(pair.client.received == bytes)
  }

  @Test func `nothing can be sent before the handshake is done`() throws {
    let pair = try EnginePair(
      setting.server(setting.listener("shop.example")), setting.client(), host: "shop.example")
    #expect(!pair.server.send([1]))
    #expect(!pair.client.send([1]))
    #expect(pair.server.engine.phase == .handshaking)
  }

  @Test(arguments: TLSVersion.allCases)
  func `the end is told, and the other way stays open`(version: TLSVersion) throws {
    let pair = try pair(version)
    #expect(pair.client.send(Array("last words".utf8)))
    pair.client.finish()
    pair.exchange()
    #expect(pair.server.received == Array("last words".utf8))
    #expect(pair.server.engine.phase == .ended)
    #expect(pair.server.send(Array("answer".utf8)))
    pair.exchange()
    if version == .v1_3 { #expect(pair.client.received == Array("answer".utf8)) }
  }

  @Test func `bytes that just stop are no end`() throws {
    let pair = try pair()
    #expect(pair.client.send(Array(repeating: 7, count: 1000)))
    pair.server.take(pair.client.wire.dropLast(10))
    #expect(pair.server.engine.phase == .open)
    #expect(pair.server.received == [])
  }

  @Test func `a record that was tampered with ends the connection`() throws {
    let pair = try pair()
    #expect(pair.client.send(Array("pay 10".utf8)))
    var wire = pair.client.wire
    wire[wire.count - 5] ^= 1
    pair.server.take(wire[...])
    #expect(pair.server.failure == .malformed)
    #expect(pair.server.received == [])
    // The alert tells the client.
    pair.client.wire = []
    pair.exchange()
    #expect(pair.client.failure == .peerAlert)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n", "\u{0}\u{1}\u{2}garbage garbage garbage",
  ]) func `what is no TLS is told from TLS`(text: String) throws {
    let pair = try EnginePair(
      setting.server(setting.listener("shop.example")), setting.client(), host: "shop.example")
    pair.server.take(Array(text.utf8)[...])
    #expect(pair.server.failure == .notTLS)
  }

  @Test func `a handshake without an end is cut off`() throws {
    let pair = try EnginePair(
      setting.server(setting.listener("shop.example")), setting.client(), host: "shop.example")
    // A ClientHello that claims to be as long as the protocol allows, in records of 16 KiB.
    var record: [UInt8] = [22, 3, 1, 0x40, 0, 1, 1, 0xFF, 0, 3, 3]
    record += [UInt8](repeating: 1, count: 5 + 0x4000 - record.count)
    pair.server.take(record[...])
    #expect(pair.server.engine.phase == .handshaking)
    var further = record
    further.replaceSubrange(5..<11, with: [UInt8](repeating: 1, count: 6))
    for _ in 0..<3 { pair.server.take(further[...]) }
    #expect(pair.server.failure == .handshakeTooLong)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func `hostile changes to the wire never do more than end the connection`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let server = try setting.server(setting.listener("shop.example"))
    let client = try setting.client()
    for _ in 0..<200 {
      let pair = try EnginePair(server, client, host: "shop.example")
      for _ in 0..<4 {
        for (from, to) in [(pair.client, pair.server), (pair.server, pair.client)] {
          var wire = from.wire
          from.wire = []
          guard !wire.isEmpty else { continue }
          if Bool.random(using: &random) {
            wire[Int.random(in: 0..<wire.count, using: &random)] = .random(
              in: 0...255, using: &random)
          }
          to.take(wire.prefix(.random(in: 1...wire.count, using: &random)))
        }
      }
      #expect(pair.server.received == [] && pair.client.received == [], "seed \(seed)")
    }
  }
}
