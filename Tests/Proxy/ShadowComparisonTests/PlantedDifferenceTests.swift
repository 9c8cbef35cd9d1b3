// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

/// Two sides whose answers are noisy, with one planted difference of every class.
@Suite(.timeLimit(.minutes(1)))
struct PlantedDifferenceTests {
  private static let planted: Set<String> = [
    "status value", "header:location presence", "total value", "quantity type",
    "cancelledReason presence", "lines[] order", "lines[].price value", "weight format",
    "body type",
  ]

  /// One answer. Noise is drawn anew for each; differences follow from the request alone.
  private static func answer(
    request: Int, isExtracted: Bool, random: inout SeededRandom
  ) -> ComparedResponse {
    func differs(oneIn rate: Int, shifted shift: Int) -> Bool {
      isExtracted && (request + shift) % rate == 0
    }
    let total = differs(oneIn: 8, shifted: 1) ? "10.01" : "10.00"
    let quantity = differs(oneIn: 10, shifted: 2) ? "\"3\"" : "3"
    let weight = differs(oneIn: 14, shifted: 8) ? "12.5" : "12.50"
    let reason = differs(oneIn: 9, shifted: 3) ? "" : "\"cancelledReason\":\"none\","
    let price = differs(oneIn: 7, shifted: 4) ? 8 : 7
    // Lines are compared by position, so a request differs in order or in price, never in both.
    let lines = price == 7 && differs(oneIn: 12, shifted: 5) ? [2, 1] : [1, 2]
    let rows = lines.map { "{\"id\":\($0),\"price\":\(price)}" }.joined(separator: ",")
    // Volatile, often, sometimes and rarely changing values.
    let flips = [20, 5, 1].map { Int.random(in: 0..<100, using: &random) < $0 }
    let body = """
      {"servedAt":\(random.next()),"requestId":"\(random.next())","cached":\(flips[0]),
      "node":"\(flips[1] ? "a" : "b")","warm":\(flips[2]),
      "total":\(total),"quantity":\(quantity),"weight":\(weight),\(reason)"lines":[\(rows)]}
      """
    let isCut = differs(oneIn: 15, shifted: 9)
    var headers: [ComparedResponse.Header] = [
      .init(name: "content-type", value: "application/json"),
      .init(name: "date", value: "\(random.next())"),
    ]
    if !differs(oneIn: 11, shifted: 6) { headers.append(.init(name: "location", value: "/o")) }
    return ComparedResponse(
      status: differs(oneIn: 13, shifted: 7) ? 202 : 200, headers: headers,
      body: Array(body.utf8.dropLast(isCut ? 20 : 0)))
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func allAreFoundAndNoNoiseIs(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let comparator = ResponseComparator()
    var evidence = ShadowEvidence(limits: EvidenceLimits(reaskShare: 1))
    for request in 0..<500 {
      func ask(extracted: Bool) -> ComparedResponse {
        Self.answer(request: request, isExtracted: extracted, random: &random)
      }
      let legacy = ask(extracted: false)
      let extracted = ask(extracted: true)
      let decision = evidence.record(
        comparator.compare(legacy: legacy, extracted: extracted), endpoint: "GET /orders/{id}",
        draw: Double.random(in: 0..<1, using: &random))
      guard decision == .askLegacyAgain else { continue }
      let triples = comparator.oddOneOut(
        legacy: legacy, extracted: extracted, legacyAgain: ask(extracted: false))
      if let triples { evidence.recordTriples(triples, endpoint: "GET /orders/{id}") }
    }
    let report = evidence.report()
    let found = report.paths(labelled: [.real, .likely]).map {
      "\($0.path.pathKind.path) \($0.path.pathKind.kind.rawValue)"
    }
    #expect(Set(found) == Self.planted, "seed \(seed)\n\(report.text())")
    let volatile = report.paths(labelled: [.noiseProposed]).map(\.path.pathKind.path.description)
    #expect(Set(["servedAt", "requestId"]).isSubset(of: volatile), "seed \(seed)")
  }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
