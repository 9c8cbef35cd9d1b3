// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GraphQLRequests

/// Whoever sends a document pays for it by its bytes, and not by more than that.
@Suite("Hostile documents", .timeLimit(.minutes(1))) struct HostileDocumentTests {
  private static func read(_ document: [UInt8]) -> GraphQLUndecided? {
    do throws(GraphQLUndecided) {
      _ = try GraphQLReader.operation(body: document, form: .document)
      return nil
    } catch {
      return error
    }
  }

  private static func filling(_ piece: String, _ head: String = "") -> [UInt8] {
    let count = (GraphQLReader.mostBytes - head.utf8.count) / piece.utf8.count
    return Array((head + String(repeating: piece, count: count)).utf8)
  }

  @Test("A body beyond the limit is not looked at")
  func tooLarge() {
    let body = [UInt8](repeating: UInt8(ascii: "{"), count: GraphQLReader.mostBytes + 1)
    #expect(Self.read(body) == .tooLarge)
  }

  @Test(
    "Nesting ends at its limit, whatever brackets it is of",
    arguments: [("", "{a"), ("", "{a(b:["), ("{", "...{"), ("", "{a(b:{c:")])
  func nesting(head: String, piece: String) {
    #expect(Self.read(Self.filling(piece, head)) == .tooDeep)
  }

  @Test("Tokens end at their limit")
  func tokens() {
    #expect(Self.read(Self.filling("a ", "{ ")) == .tooDeep)
  }

  /// Sixty such bodies are as much as one second of a megabit line.
  @Test("Documents that fill the limit are read in time that grows with their length alone")
  func filled() {
    let fragments = (0..<1_500).map { "fragment F\($0) on Q{...F\(($0 + 1) % 1_500)}" }.joined()
    let wide = (0..<1_400).map { "...F\($0) " }.joined()
    let many = (0..<1_400).map { "fragment F\($0) on Q{a} " }.joined()
    let documents: [[UInt8]] = [
      Array("{...F0}\(fragments)".utf8), Array("{\(wide)}\(many)".utf8),
      Self.filling(",", "{a}"), Self.filling("#\n", "{a}"), Self.filling("\\\"\"\"", "{a(b:\"\"\""),
      Self.filling("\\u0061", "{a(b:\""), Self.filling("...", "{"), Self.filling("@a", "{a"),
      Self.filling("[", "{a(b:"), Self.filling("\"\"", "{a(b:["),
    ]
    let clock = ContinuousClock()
    for document in documents {
      let time = clock.measure {
        for _ in 0..<20 { _ = Self.read(Array(document.prefix(GraphQLReader.mostBytes))) }
      }
      // A debug build on a busy machine takes some milliseconds for each.
      #expect(time < .seconds(10), "\(String(decoding: document.prefix(20), as: UTF8.self))")
    }
  }

  @Test("A fragment spread by many others is looked into once")
  func sharedFragments() {
    // Each of forty levels spreads the next one twice: two to the fortieth, if they were counted.
    let levels = (0..<40).map { "fragment F\($0) on Q{...F\($0 + 1) ...F\($0 + 1)}" }.joined()
    let document = Array("{...F0}\(levels)fragment F40 on Q{a}".utf8)
    #expect(Self.read(document) == nil)
  }

  @Test("Random bytes and cut documents are answered, one way or the other")
  func random() {
    let whole = Array(
      "query A($a:[Int!]=[1,2])@d{x:a(b:\"c\",d:\"\"\"e\"\"\"){f ...G}}fragment G on H{i}#j\n".utf8)
    for seed in 0..<2_000 {
      var random = SeededGenerator(seed: UInt64(seed))
      var document = Array(whole.prefix(Int.random(in: 0...whole.count, using: &random)))
      for _ in 0..<Int.random(in: 0...3, using: &random) where !document.isEmpty {
        let index = Int.random(in: 0..<document.count, using: &random)
        document[index] = UInt8.random(in: 0...255, using: &random)
      }
      let first = Self.read(document)
      #expect(first == Self.read(document), "seed \(seed)")
    }
    #expect(Self.read(whole) == nil)
  }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
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
