// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Random bytes and random damage never trap, and never make two requests out of one.
@Suite("Fuzzing", .timeLimit(.minutes(1)))
struct FuzzTests {
  private static let seed: UInt64 = 0xf022_0001
  private static let rounds = 4000

  private static let requests = RequestVector.all.map { Array($0.bytes.utf8) }
  private static let responses = ResponseTests.vectors.map { Array($0.response.utf8) }
  private static let spice: [UInt8] = Array("\r\n\0 :;,\t09afF-_%/.#?@[]chunked".utf8)

  private static func damaged(
    _ corpus: [[UInt8]], _ random: inout SeededRandom
  ) -> [UInt8] {
    var bytes = corpus.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      let byte = spice.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[at] = byte
      case 1: bytes.insert(byte, at: at)
      case 2: bytes.remove(at: at)
      case 3: bytes.append(contentsOf: bytes[at...])
      default: bytes[at] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return bytes
  }

  private static func pieces(_ bytes: [UInt8], _ random: inout SeededRandom) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Int.random(in: 1...64, using: &random))
      pieces.append(Array(bytes[start..<end]))
      start = end
    }
    return pieces
  }

  @Test("Damaged requests: whole and in pieces lead to the same")
  func requests() {
    print("seed \(Self.seed)")
    var random = SeededRandom(seed: Self.seed)
    var refused = 0
    for round in 0..<Self.rounds {
      let bytes = Self.damaged(Self.requests, &random)
      var whole = ExchangeDriver()
      whole.client(bytes)
      if whole.exchange.isActive { whole.connect() }
      var cut = ExchangeDriver()
      for piece in Self.pieces(bytes, &random) {
        cut.client(piece)
      }
      if cut.exchange.isActive { cut.connect() }
      #expect(whole.refusal == cut.refusal, "round \(round)")
      if whole.refusal == nil {
        #expect(whole.upstreamText == cut.upstreamText, "round \(round)")
      } else {
        refused += 1
      }
      let heads = whole.log.filter {
        if case .toUpstream(let text) = $0 { text.contains("via: 1.") } else { false }
      }
      #expect(heads.count <= 1, "round \(round): a second request before the first was answered")
    }
    #expect(refused > Self.rounds / 10)
    #expect(refused < Self.rounds)
  }

  @Test("Damaged responses: never more than one answer")
  func responses() {
    print("seed \(Self.seed)")
    var random = SeededRandom(seed: Self.seed)
    var relayed = 0
    for round in 0..<Self.rounds {
      let bytes = Self.damaged(Self.responses, &random)
      var driver = ExchangeDriver()
      driver.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      driver.connect()
      for piece in Self.pieces(bytes, &random) {
        driver.upstream(piece)
      }
      let ends = driver.log.filter { if case .kept = $0 { true } else { false } }
      #expect(ends.count <= 1, "round \(round)")
      relayed += ends.count
    }
    #expect(relayed > Self.rounds / 20)
  }

  @Test("Noise is refused or waited for")
  func noise() {
    print("seed \(Self.seed)")
    var random = SeededRandom(seed: Self.seed)
    var refused = 0
    for _ in 0..<Self.rounds {
      let noise = (0..<Int.random(in: 1...200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      var driver = ExchangeDriver()
      driver.client(noise)
      #expect(driver.upstreamText.isEmpty)
      if driver.refusal != nil { refused += 1 }
    }
    #expect(refused > Self.rounds / 2)
  }
}
