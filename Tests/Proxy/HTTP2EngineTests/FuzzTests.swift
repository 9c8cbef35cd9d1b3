// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Testing

/// Traffic with faults in it: nothing crashes, and what was accepted keeps to the rules.
@Suite struct FuzzTests {
  private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// What a client sends for three requests, one of them with a body and trailers.
  private func traffic() throws -> [UInt8] {
    let pair = try #require(EnginePair())
    _ = pair.request(get)
    let upload = try #require(pair.request(get, body: String(repeating: "x", count: 3000)))
    withFields([("x-checksum", "1")]) { pair.client.submitTrailers(upload, $0) }
    _ = pair.request(get + [("cookie", "a=1"), ("x-long", String(repeating: "y", count: 500))])
    var bytes: [UInt8] = []
    while true {
      let output = pair.client.nextOutput()
      if output.isEmpty { return bytes }
      bytes.append(contentsOf: output)
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func faultyTraffic(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let sound = try traffic()
    var accepted = 0
    for round in 0..<500 {
      var bytes = sound
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: position)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        }
      }
      let pair = try #require(EnginePair())
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int.random(in: 1...4000, using: &random)))
        rest = rest.dropFirst(piece.count)
        piece.withUnsafeBytes { pair.server.receive($0) }
        while !pair.server.nextOutput().isEmpty {}
      }
      accepted += pair.accepted.count
      for line in pair.accepted.flatMap({ $0.heads.joined() + $0.trailers }) {
        let isSound = line.utf8.allSatisfy { $0 != 13 && $0 != 10 && $0 != 0 }
        #expect(isSound, "seed \(seed), round \(round): \(line)")
      }
      pair.server.close()
      let allEnded = pair.accepted.allSatisfy { $0.closeCode != nil }
      #expect(allEnded, "seed \(seed), round \(round)")
    }
    #expect(accepted > 500, "seed \(seed): the faults left nothing to look at")
  }
}
