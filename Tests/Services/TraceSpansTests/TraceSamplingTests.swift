// SPDX-License-Identifier: Apache-2.0

import Testing
import TraceSpans
import TransactionalMessaging

@Suite("Which traces are recorded") struct TraceSamplingTests {
  private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"

  /// SplitMix64.
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  @Test("A share of new traces, by their ids", arguments: [0, 0.01, 0.25, 0.9, 1])
  func share(_ share: Double) {
    let sampling = TraceSampling(share: share)
    var random = Random(state: 7)
    let count = 20_000
    let taken = (0..<count).count { _ in
      sampling.context(below: nil, using: &random).isSampled
    }
    #expect(abs(Double(taken) / Double(count) - share) < 0.01)
    if share == 0 || share == 1 { #expect(taken == Int(share) * count) }
  }

  @Test("Who takes a larger share takes the traces of those who take a smaller one")
  func nested() {
    let (some, most) = (TraceSampling(share: 0.1), TraceSampling(share: 0.6))
    var random = Random(state: 11)
    for _ in 0..<2_000 {
      let low = random.next()
      #expect(!some.takes(low: low) || most.takes(low: low))
    }
  }

  @Test("A trace that comes from elsewhere keeps its id, its state and what was decided there")
  func parents() throws {
    var random = Random(state: 13)
    for (flag, share) in [("1", 0.0), ("0", 1.0)] {
      let parent = try #require(TraceContext(parent: Self.parent + flag, state: "a=1,b=2"))
      let own = TraceSampling(share: share).context(below: parent, using: &random)
      #expect(own.trace == parent.trace && own.span != parent.span)
      #expect(own.state == "a=1,b=2")
      #expect(own.isSampled == (flag == "1"))
    }
  }

  @Test("A new trace has ids that W3C's rules allow, and no state")
  func root() throws {
    var random = Random(state: 17)
    let own = TraceSampling(share: 1).context(below: nil, using: &random)
    #expect(TraceContext(parent: own.parent) == own)
    #expect(own.parent.hasPrefix("00-") && own.parent.hasSuffix("-01") && own.state == nil)
  }
}
