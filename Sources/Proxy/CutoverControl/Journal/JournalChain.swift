// SPDX-License-Identifier: Apache-2.0

/// The end of a journal, to which entries are appended. Storing them is somebody else's: a store
/// refuses an entry whose sequence it has already, so that of two writers one starts over.
package struct JournalChain: Sendable, Equatable {
  /// Longest texts, in characters: entries are read on terminals, for ever.
  package static let longestActor = 200
  package static let longestReason = 2_000
  /// Longest state and evidence, in bytes.
  package static let longestState = 1 << 20
  package static let longestEvidence = 2_000
  /// Most routes that move at once.
  package static let mostMoves = 10_000

  /// Why a record is not taken.
  package enum Refusal: Error, Sendable, Equatable {
    case noActor
    case noReason
    case tooLong(field: String)
    case routeTwice(String)
  }

  /// Sequence of the last entry; 0 for an empty journal.
  package private(set) var sequence: UInt64
  /// Hash of the last entry.
  package private(set) var head: JournalHash

  /// An empty journal of an installation: its name is what the first entry is tied to, so that the
  /// journal of another one cannot be passed off as this one's.
  package init(installation: String) {
    sequence = 0
    head = JournalHash(of: JournalEncoding.genesis(installation: installation))
  }

  /// Behind an entry.
  package init(after entry: JournalEntry) {
    sequence = entry.sequence
    head = entry.hash
  }

  /// The entry that a record becomes.
  package mutating func append(_ record: JournalRecord) throws(Refusal) -> JournalEntry {
    try check(record)
    let entry = JournalEntry(sequence: sequence + 1, after: head, record)
    self = JournalChain(after: entry)
    return entry
  }

  private func check(_ record: JournalRecord) throws(Refusal) {
    if record.actor.isEmpty { throw .noActor }
    if record.reason.isEmpty { throw .noReason }
    if record.actor.count > Self.longestActor { throw .tooLong(field: "actor") }
    if record.reason.count > Self.longestReason { throw .tooLong(field: "reason") }
    if record.state?.utf8.count ?? 0 > Self.longestState { throw .tooLong(field: "state") }
    if record.evidence?.utf8.count ?? 0 > Self.longestEvidence {
      throw .tooLong(field: "evidence")
    }
    if record.moves.count > Self.mostMoves { throw .tooLong(field: "moves") }
    var seen: Set<String> = []
    for move in record.moves where !seen.insert(move.route).inserted {
      throw .routeTwice(move.route)
    }
  }
}

/// Where a journal is no longer what was written.
package struct JournalFault: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    /// An entry is missing, doubled or out of order.
    case sequence(expected: UInt64)
    /// It does not follow the entry before it: one of the two was replaced.
    case previous
    /// Its content is not what was hashed.
    case content
    /// The journal ends here, and somebody knows of a later or another end.
    case end(expected: JournalHash)
  }

  /// Of the first broken entry.
  package let sequence: UInt64
  package let reason: Reason

  package init(sequence: UInt64, reason: Reason) {
    self.sequence = sequence
    self.reason = reason
  }

  package var description: String {
    switch reason {
    case .sequence(let expected):
      "entry \(sequence) stands where entry \(expected) should: some are missing or out of order"
    case .previous where sequence == 1: "entry 1 does not begin this installation's journal"
    case .previous: "entry \(sequence) does not follow the entry before it"
    case .content: "entry \(sequence) was changed after it was written"
    case .end(let expected):
      "the journal ends with entry \(sequence), not with the one whose hash is \(expected)"
    }
  }
}

/// Checks a journal entry by entry, from the first on.
///
/// The chain shows a change in the middle to everybody. That entries were cut off at the end, or
/// that all were written anew, shows only beside a hash that was kept elsewhere: `finish(at:)`.
package struct JournalVerifier: Sendable {
  private var chain: JournalChain

  package init(installation: String) { chain = JournalChain(installation: installation) }

  /// Goes on behind what was checked before.
  package init(after end: JournalChain) { chain = end }

  /// Number of entries that were found sound.
  package var sound: UInt64 { chain.sequence }
  /// The end of what was checked.
  package var end: JournalChain { chain }

  package mutating func check(_ entry: JournalEntry) throws(JournalFault) {
    guard entry.sequence == chain.sequence + 1 else {
      throw JournalFault(
        sequence: entry.sequence, reason: .sequence(expected: chain.sequence + 1))
    }
    guard entry.previous == chain.head else {
      throw JournalFault(sequence: entry.sequence, reason: .previous)
    }
    guard entry.hash == JournalHash(of: entry.canonicalBytes) else {
      throw JournalFault(sequence: entry.sequence, reason: .content)
    }
    chain = JournalChain(after: entry)
  }

  /// Nothing follows; `head` is the last hash as somebody else keeps it.
  package func finish(at head: JournalHash) throws(JournalFault) {
    if chain.head != head {
      throw JournalFault(sequence: chain.sequence, reason: .end(expected: head))
    }
  }

  /// The first broken entry; nil when all are sound.
  package static func firstFault(
    in entries: some Sequence<JournalEntry>, installation: String
  ) -> JournalFault? {
    var verifier = JournalVerifier(installation: installation)
    for entry in entries {
      do throws(JournalFault) {
        try verifier.check(entry)
      } catch {
        return error
      }
    }
    return nil
  }
}
