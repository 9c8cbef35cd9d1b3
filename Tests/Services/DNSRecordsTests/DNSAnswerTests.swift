// SPDX-License-Identifier: Apache-2.0

import DNSRecords
import Testing

@Suite("Answers of servers of names")
struct DNSAnswerTests {
  private let question = DNSQuestion(id: 0x1234, name: DNSName("_orders._tcp.Internal.")!)

  /// The question's bytes without what says how large an answer may be.
  private func head(
    answers: UInt8, flags: [UInt8] = [0x81, 0x80], id: [UInt8] = [0x12, 0x34]
  ) -> [UInt8] {
    id + flags + [0, 1, 0, answers, 0, 0, 0, 0] + question.bytes.dropFirst(12).dropLast(11)
  }

  /// A record of the name that stands at the place 12, with its target spelt out.
  private func record(
    _ priority: UInt8, _ weight: UInt8, _ port: UInt16, _ target: [UInt8],
    life: [UInt8] = [0, 0, 0, 60]
  ) -> [UInt8] {
    let data = [0, priority, 0, weight, UInt8(port >> 8), UInt8(port & 0xFF)] + target
    return [0xC0, 12, 0, 33, 0, 1] + life + [0, UInt8(data.count)] + data
  }

  private let a: [UInt8] = [1, 0x41, 0]

  @Test("The question is what RFC 1035 and RFC 6891 say")
  func bytes() {
    #expect(
      question.bytes
        == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 7] + Array("_orders".utf8) + [4]
        + Array("_tcp".utf8) + [8] + Array("internal".utf8) + [0, 0, 33, 0, 1]
        + [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0])
  }

  @Test("Records, with names that stand elsewhere in the message, and the least of their lives")
  func records() throws {
    // "b", and then the last label of the question.
    let compressed: [UInt8] = [1, 0x62, 0xC0, 25]
    let bytes =
      head(answers: 3) + record(1, 10, 8_080, a)
      + record(2, 0, 80, compressed, life: [0, 0, 0, 30])
      + record(1, 10, 8_080, a)
    let answer = try DNSAnswer(bytes, to: question)
    #expect(
      answer.records == [
        ServiceRecord(priority: 1, weight: 10, port: 8_080, target: try #require(DNSName("a"))),
        ServiceRecord(
          priority: 2, weight: 0, port: 80, target: try #require(DNSName("b.internal"))),
      ])
    #expect(answer.timeToLive == 30 && !answer.isTruncated)
    #expect(answer.records[1].target.description == "b.internal")
  }

  @Test("A name that is another name for one with records has those")
  func alias() throws {
    let alias: [UInt8] = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 7, 0, 3, 1, 0x7A, 0]
    var other = record(0, 0, 80, a)
    // Of "z", at the place where the alias says it.
    other.replaceSubrange(0..<2, with: [1, 0x5A, 0])
    let answer = try DNSAnswer(head(answers: 2) + alias + other, to: question)
    #expect(answer.records.map(\.port) == [80] && answer.timeToLive == 7)
    // Records of a name that was not asked for do not count.
    let stranger = try DNSAnswer(head(answers: 1) + other, to: question)
    #expect(stranger.records == [])
  }

  @Test("An answer that was cut off says so, and is not read further")
  func truncated() throws {
    let answer = try DNSAnswer(head(answers: 9, flags: [0x83, 0x80]), to: question)
    #expect(answer.isTruncated && answer.records == [])
  }

  @Test("Answers to other questions are none")
  func others() {
    let other = DNSQuestion(id: 0x1234, name: DNSName("_stock._tcp.internal")!)
    #expect(throws: DNSAnswer.Problem.otherQuestion) {
      try DNSAnswer(head(answers: 0), to: other)
    }
    #expect(throws: DNSAnswer.Problem.otherQuestion) {
      try DNSAnswer(head(answers: 0, id: [0x12, 0x35]), to: question)
    }
    #expect(throws: DNSAnswer.Problem.otherQuestion) {
      try DNSAnswer(head(answers: 0, flags: [1, 0]), to: question)
    }
    #expect(throws: DNSAnswer.Problem.noSuchName) {
      try DNSAnswer(head(answers: 0, flags: [0x81, 0x83]), to: question)
    }
    #expect(throws: DNSAnswer.Problem.refused(code: 5)) {
      try DNSAnswer(head(answers: 0, flags: [0x81, 0x85]), to: question)
    }
  }

  @Test("Messages that end early or lead round in circles are refused, whatever they hold")
  func hostile() {
    let whole = head(answers: 2) + record(1, 1, 80, a) + record(1, 1, 81, [1, 0x62, 0xC0, 25])
    for length in whole.indices {
      let start = Array(whole[..<length])
      #expect(throws: DNSAnswer.Problem.self) { try DNSAnswer(start, to: question) }
    }
    let start = head(answers: 1)
    for target in [start.count + 18, start.count + 19, 0x3FFF] {
      let pointer: [UInt8] = [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
      #expect(throws: DNSAnswer.Problem.malformed) {
        try DNSAnswer(start + record(1, 1, 80, pointer), to: question)
      }
    }
    var random = SplitMix(state: 2_026)
    for _ in 0..<100_000 {
      var bytes = whole
      for _ in 0...random.next() % 4 {
        bytes[12 + Int(random.next() % UInt64(bytes.count - 12))] = UInt8(random.next() & 0xFF)
      }
      _ = try? DNSAnswer(bytes, to: question)
    }
  }

  private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  @Test("Names have labels of 1 to 63 bytes and 255 bytes in all")
  func names() {
    let label = String(repeating: "a", count: 63)
    #expect(DNSName(label) != nil && DNSName(label + "a") == nil)
    #expect(DNSName([label, label, label, String(label.prefix(61))].joined(separator: ".")) != nil)
    #expect(DNSName([label, label, label, String(label.prefix(62))].joined(separator: ".")) == nil)
    #expect(DNSName("") == nil && DNSName(".") == nil && DNSName("a..b") == nil)
    #expect(DNSName("A.B.") == DNSName("a.b"))
    #expect(!DNSName.root.isHostName && DNSName("a b")?.isHostName == false)
  }
}

@Suite("Which servers are asked")
struct ResolverSettingsTests {
  @Test("As /etc/resolv.conf says it")
  func file() {
    let settings = ResolverSettings(
      parsing: """
        # made by somebody
        search internal
        nameserver 10.0.0.2
        nameserver fd00::2 ; the other one
        options ndots:5 timeout:1 attempts:9 rotate
        nameserver 10.0.0.3
        nameserver 10.0.0.4
        """)
    #expect(settings.servers.map(\.description) == ["10.0.0.2:53", "[fd00::2]:53", "10.0.0.3:53"])
    #expect(settings.timeout == 1_000 && settings.attempts == 5)
    #expect(ResolverSettings(parsing: "").servers.map(\.description) == ["127.0.0.1:53"])
  }

  @Test("A port may stand behind an address")
  func ports() {
    let settings = ResolverSettings(servers: ["10.0.0.2:5353", "[fd00::2]:5353", "[fd00::3]"])
    #expect(
      settings.servers.map(\.description) == ["10.0.0.2:5353", "[fd00::2]:5353", "[fd00::3]:53"])
  }
}
