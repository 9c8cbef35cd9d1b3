// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

@Suite("Requests")
struct RequestParsingTests {
  /// What a vector leads to when its bytes come in the pieces given.
  private static func outcome(_ pieces: [[UInt8]]) -> ExchangeDriver {
    var driver = ExchangeDriver()
    for piece in pieces {
      driver.client(piece)
      if driver.exchange.isActive, driver.exchange.hasResponded == false { driver.connect() }
    }
    return driver
  }

  @Test("The tables hold what was promised, each vector once")
  func tables() {
    let counts = [
      ("own", RequestVector.own.count), ("http-desync-guardian", DesyncVectors.all.count),
      ("llhttp", ParserVectors.all.count), ("Http11Probe", ProbeVectors.all.count),
    ]
    let total = RequestVector.all.count
    print("\(total) request vectors: \(counts.map { "\($0.1) \($0.0)" }.joined(separator: ", "))")
    #expect(counts.reduce(0) { $0 + $1.1 } == total)
    #expect(total > 300)
    let refused = RequestVector.all.filter { $0.rejection != nil }
    #expect(Set(refused.map(\.bytes)).count > refused.count * 2 / 3)
  }

  @Test("Each rule holds", arguments: RequestVector.all)
  func rule(_ vector: RequestVector) {
    let driver = Self.outcome([Array(vector.bytes.utf8)])
    #expect(driver.refusal == vector.rejection.map { .rejected($0) })
    if vector.rejection == nil {
      let parts = driver.upstreamText.split(separator: "\r\n\r\n", maxSplits: 1)
      #expect(driver.upstreamText.contains("\r\n\r\n"))
      #expect((parts.count > 1 ? String(parts[1]) : "") == vector.body)
    }
  }

  @Test("Where the bytes are split makes no difference", arguments: RequestVector.all)
  func split(_ vector: RequestVector) {
    let bytes = Array(vector.bytes.utf8)
    let whole = Self.outcome([bytes])
    for position in 1..<bytes.count {
      let parts = Self.outcome([Array(bytes[..<position]), Array(bytes[position...])])
      #expect(parts.refusal == whole.refusal, "split at \(position)")
      #expect(Self.agree(parts.upstreamText, whole.upstreamText, vector), "split at \(position)")
    }
    let single = Self.outcome(bytes.map { [$0] })
    #expect(single.refusal == whole.refusal)
    #expect(Self.agree(single.upstreamText, whole.upstreamText, vector))
  }

  /// How much of a body went on before it was refused may differ, but never what went on.
  private static func agree(_ left: String, _ right: String, _ vector: RequestVector) -> Bool {
    if vector.rejection == nil { return left == right }
    return left.hasPrefix(right) || right.hasPrefix(left)
  }

  @Test("A refused request never lets a later byte through")
  func nothingAfterRefusal() {
    for vector in RequestVector.all where vector.rejection != nil {
      var driver = Self.outcome([Array(vector.bytes.utf8)])
      let before = driver.upstreamText
      driver.client("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(driver.upstreamText == before, "\(vector.name)")
    }
  }

  @Test(
    "Limits are exact and independent of the split",
    arguments: [
      (Rejection.requestLineTooLong, 0), (.fieldTooLarge, 1), (.headTooLarge, 2),
      (.tooManyFields, 3),
    ])
  func limits(_ rejection: Rejection, _ kind: Int) {
    let limits = MessageLimits(requestLine: 40, field: 30, head: 118, fieldCount: 5)
    func request(_ excess: Int) -> String {
      switch kind {
      case 0:  // 40 = "GET /" + 26 + " HTTP/1.1"
        "GET /\(String(repeating: "x", count: 26 + excess)) HTTP/1.1\r\nHost: a\r\n\r\n"
      case 1: RequestVector.get("A: \(String(repeating: "x", count: 27 + excess))\r\n")
      case 2:  // the end of the empty line's first half counts
        "GET / HTTP/1.1\r\nHost: a\r\n"
          + "A: \(String(repeating: "x", count: 27))\r\nB: \(String(repeating: "x", count: 27))\r\n"
          + "C: \(String(repeating: "x", count: 24 + excess))\r\n\r\n"
      default:
        "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 4 + excess) + "\r\n"
      }
    }
    func refusal(_ text: String, _ size: Int) -> Problem? {
      var driver = ExchangeDriver(limits: limits)
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        driver.client(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      return driver.refusal
    }
    for size in 1...140 {
      #expect(refusal(request(0), size) == nil, "in pieces of \(size)")
      #expect(refusal(request(1), size) == .rejected(rejection), "in pieces of \(size)")
    }
  }

  @Test("Every rule has a status of its own kind and a name that metrics can carry")
  func names() {
    for rejection in Rejection.allCases {
      #expect((400..<600).contains(rejection.status))
      #expect(rejection.name.allSatisfy { $0.isLowercase || $0 == "-" })
      #expect(rejection.detail.hasSuffix("."))
    }
    #expect(Set(Rejection.allCases.map(\.name)).count == Rejection.allCases.count)
    #expect(Rejection.bareLineFeed.name == "bare-line-feed")
  }
}
