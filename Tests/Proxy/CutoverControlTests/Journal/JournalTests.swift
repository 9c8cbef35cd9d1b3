// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Journal")
struct JournalTests {
  static let installation = "shop"

  static func firstFault(in entries: [JournalEntry]) -> JournalFault? {
    JournalVerifier.firstFault(in: entries, installation: installation)
  }

  static func move(_ route: String, _ from: Int, _ to: Int) -> JournalRecord.Move {
    JournalRecord.Move(route: route, from: .hundredths(from), to: .hundredths(to))
  }

  static func moved(_ moves: [JournalRecord.Move], time: Int64 = 0) -> JournalRecord {
    JournalRecord(
      .moved, time: time, actor: "ada", reason: "first users", moves: moves,
      configurationHash: "c0ffee")
  }

  static func journal() throws -> [JournalEntry] {
    var chain = JournalChain(installation: Self.installation)
    return [
      try chain.append(moved([move("orders", 0, 500)])),
      try chain.append(moved([move("cart", 0, 100), move("checkout", 0, 100)])),
      try chain.append(moved([move("orders", 500, 2_500)])),
      try chain.append(moved([move("cart", 100, 1_000), move("checkout", 100, 1_000)])),
    ]
  }

  @Test("SHA-256 is SHA-256")
  func hash() {
    #expect(
      JournalHash(of: Array("abc".utf8)).description
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(JournalHash(of: []).description.hasPrefix("e3b0c44298fc1c149afbf4c8996fb924"))
    let hash = JournalHash(of: [1, 2, 3])
    #expect(JournalHash(hash.description) == hash)
    #expect(JournalHash(hash.description.uppercased()) == nil)
    #expect(JournalHash("00") == nil)
  }

  @Test("An entry's bytes are those of the documented format")
  func canonicalBytes() throws {
    var chain = JournalChain(installation: Self.installation)
    let entry = try chain.append(Self.moved([Self.move("orders", 0, 1_234)], time: 99))
    let genesis = JournalHash(of: Array("strangler-journal-1\n4:shop,".utf8))
    #expect(
      String(decoding: entry.canonicalBytes, as: UTF8.self)
        == "strangler-journal-1\n1:1,64:\(genesis),5:moved,0:,2:99,3:ada,11:first users,6:manual,1:-,"
        + "1:1,6:orders,1:0,4:1234,6:c0ffee,1:-,1:-,")
    #expect(entry.hash == JournalHash(of: entry.canonicalBytes))
  }

  @Test("Bytes become the entry again, and nothing else does")
  func decoding() throws {
    var chain = JournalChain(installation: Self.installation)
    let record = JournalRecord(
      .reverted(to: 7), time: -5, actor: "Zoë, ops", reason: "a,b:c\n\"d\"", isAutomatic: true,
      cutover: "", moves: [Self.move("a", 10_000, 0), Self.move("b", 1, 2)],
      configurationHash: "", state: "{}", evidence: "-")
    let entry = try chain.append(record)
    #expect(try JournalEncoding.entry(entry.canonicalBytes, hash: entry.hash) == entry)
    for end in entry.canonicalBytes.indices {
      #expect(throws: JournalEncoding.Failure.self) {
        try JournalEncoding.entry(Array(entry.canonicalBytes[..<end]), hash: entry.hash)
      }
    }
    #expect(throws: JournalEncoding.Failure.malformed) {
      try JournalEncoding.entry(entry.canonicalBytes + [0x2C], hash: entry.hash)
    }
    let text = String(decoding: entry.canonicalBytes, as: UTF8.self)
    let padded = Array(text.replacing("1:1,64:", with: "2:01,64:").utf8)
    #expect(throws: JournalEncoding.Failure.malformed) {
      try JournalEncoding.entry(padded, hash: entry.hash)
    }
    let newer = Array(text.replacing("journal-1", with: "journal-2").utf8)
    #expect(throws: JournalEncoding.Failure.otherVersion) {
      try JournalEncoding.entry(newer, hash: entry.hash)
    }
  }

  @Test("A sound journal is sound, also to who knows its end")
  func sound() throws {
    let entries = try Self.journal()
    #expect(Self.firstFault(in: entries) == nil)
    #expect(Self.firstFault(in: []) == nil)
    var verifier = JournalVerifier(installation: Self.installation)
    for entry in entries { try verifier.check(entry) }
    #expect(verifier.sound == 4)
    try verifier.finish(at: entries[3].hash)
  }

  @Test("A changed entry is named, whatever was changed", arguments: 0..<4)
  func changed(index: Int) throws {
    let sound = try Self.journal()
    let changes: [(inout JournalRecord) -> Void] = [
      { $0.actor = "eve" }, { $0.reason += "." }, { $0.time += 1 }, { $0.isAutomatic = true },
      { $0.cutover = "x" }, { $0.moves = [] }, { $0.configurationHash = "" }, { $0.state = "" },
      { $0.evidence = "" }, { $0.kind = .cutover },
    ]
    for change in changes {
      var entries = sound
      let old = entries[index]
      var record = old.record
      change(&record)
      entries[index] = JournalEntry(
        sequence: old.sequence, previous: old.previous, record: record, hash: old.hash)
      #expect(
        Self.firstFault(in: entries)
          == JournalFault(sequence: old.sequence, reason: .content))
    }
  }

  @Test("A replaced, missing, doubled or swapped entry is named")
  func tampered() throws {
    let sound = try Self.journal()
    // Replaced with a hash of its own: the entry behind it does not follow.
    var chain = JournalChain(after: sound[0])
    var replaced = sound
    replaced[1] = try chain.append(Self.moved([Self.move("cart", 0, 9_999)]))
    #expect(
      Self.firstFault(in: replaced) == JournalFault(sequence: 3, reason: .previous))
    var missing = sound
    missing.remove(at: 1)
    #expect(
      Self.firstFault(in: missing)
        == JournalFault(sequence: 3, reason: .sequence(expected: 2)))
    var doubled = sound
    doubled.insert(sound[1], at: 2)
    #expect(
      Self.firstFault(in: doubled)
        == JournalFault(sequence: 2, reason: .sequence(expected: 3)))
    var swapped = sound
    swapped.swapAt(1, 2)
    #expect(
      Self.firstFault(in: swapped)
        == JournalFault(sequence: 3, reason: .sequence(expected: 2)))
  }

  @Test("A journal cut off at its end is sound by itself and broken beside a kept hash")
  func cutOff() throws {
    let sound = try Self.journal()
    #expect(Self.firstFault(in: Array(sound.dropLast())) == nil)
    var verifier = JournalVerifier(installation: Self.installation)
    for entry in sound.dropLast() { try verifier.check(entry) }
    let cut = verifier
    #expect(throws: JournalFault(sequence: 3, reason: .end(expected: sound[3].hash))) {
      try cut.finish(at: sound[3].hash)
    }
  }

  @Test("The journal of another installation is not this one's")
  func otherInstallation() throws {
    let entries = try Self.journal()
    #expect(
      JournalVerifier.firstFault(in: entries, installation: "staging")
        == JournalFault(sequence: 1, reason: .previous))
  }

  @Test("Records nobody could read are refused, and the chain stays")
  func refusals() {
    func isRefused(
      _ refusal: JournalChain.Refusal, _ change: (inout JournalRecord) -> Void
    ) -> Bool {
      var record = Self.moved([Self.move("orders", 0, 1)])
      change(&record)
      var chain = JournalChain(installation: Self.installation)
      let result = Result { try chain.append(record) }
      return result.error as? JournalChain.Refusal == refusal
        && chain == JournalChain(installation: Self.installation)
    }
    #expect(isRefused(.noActor) { $0.actor = "" })
    #expect(isRefused(.noReason) { $0.reason = "" })
    #expect(
      isRefused(.tooLong(field: "actor")) {
        $0.actor = String(repeating: "x", count: JournalChain.longestActor + 1)
      })
    #expect(
      isRefused(.tooLong(field: "reason")) {
        $0.reason = String(repeating: "x", count: JournalChain.longestReason + 1)
      })
    #expect(
      isRefused(.tooLong(field: "state")) {
        $0.state = String(repeating: "x", count: JournalChain.longestState + 1)
      })
    #expect(
      isRefused(.tooLong(field: "evidence")) {
        $0.evidence = String(repeating: "x", count: JournalChain.longestEvidence + 1)
      })
    #expect(isRefused(.routeTwice("orders")) { $0.moves.append(Self.move("orders", 1, 2)) })
  }
}

extension Result {
  fileprivate var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
