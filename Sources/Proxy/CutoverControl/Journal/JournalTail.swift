// SPDX-License-Identifier: Apache-2.0

/// What a process knows of its journal: where that ends, what it adds up to, and what was done here
/// and waits to be written. Whoever reads and appends tells it what came of that.
///
/// An entry is taken for written once the store says so. Where it does not answer nobody knows, and
/// the journal is read before the next one: what is found there is no longer due.
package struct JournalTail: Sendable {
  /// Others write into the journal too: what is due is fitted to what they wrote.
  private let isShared: Bool
  /// The end of the journal; nil before it was read.
  package private(set) var chain: JournalChain?
  /// What is in it.
  package private(set) var replay = JournalReplay()
  /// Done and not written yet, oldest first.
  package private(set) var overdue: [JournalRecord] = []
  /// Why it could not be written the last time; nil when it could.
  package private(set) var failure: String?
  /// An append failed, and may be in the journal all the same.
  package private(set) var isUncertain = false

  /// What was found behind the end that was known.
  package struct News: Sendable, Equatable {
    /// Cutovers that were written about.
    package let cutovers: Set<String>
    /// Routes that were moved without an entry.
    package let contradictions: [JournalReplay.Contradiction]
  }

  package init(isShared: Bool) { self.isShared = isShared }

  /// What the journal adds up to once everything that was done is in it.
  package var standing: JournalReplay {
    var standing = replay
    for record in overdue {
      // Each was made here, so each can be read.
      try? standing.apply(fitted(record, to: standing), sequence: standing.sequence + 1)
    }
    return standing
  }

  /// Number of the entry that is written behind what was done and is not written yet.
  package var nextEntry: UInt64 { (chain?.sequence ?? 0) + UInt64(overdue.count) + 1 }

  /// What is written next, as it was made and as it is to be written by now; nil when nothing is
  /// due.
  package var due: (made: JournalRecord, fitted: JournalRecord)? {
    overdue.first.map { (made: $0, fitted: fitted($0, to: replay)) }
  }

  private func fitted(_ record: JournalRecord, to replay: JournalReplay) -> JournalRecord {
    isShared ? record.goingOn(from: replay) : record
  }

  /// The entry that a record becomes, and the end of the journal behind it; nil before it was read.
  package func entry(
    for record: JournalRecord
  ) throws(JournalChain.Refusal) -> (entry: JournalEntry, end: JournalChain)? {
    guard var end = chain else { return nil }
    let entry = try end.append(record)
    return (entry, end)
  }

  /// It was done, and is to be written.
  package mutating func wasDone(_ record: JournalRecord) { overdue.append(record) }

  /// It is in the journal, unless what was read meanwhile has told so already.
  package mutating func wasWritten(_ record: JournalRecord) {
    if overdue.first == record { overdue.removeFirst() }
  }

  /// The store has taken an entry.
  package mutating func wasAppended(
    _ entry: JournalEntry, at end: JournalChain
  ) throws(UnusableState) {
    try replay.apply(entry)
    chain = end
    failure = nil
  }

  /// The store has not, or has not said so.
  package mutating func appendFailed(_ error: any Error) {
    failure = "\(error)"
    isUncertain = (error as? CutoverJournalError)?.code != .conflict
  }

  /// Takes up what was read behind the end that was known.
  ///
  /// - Parameter end: the journal's end now.
  /// - Throws: `UnusableState`; nothing was taken up then.
  package mutating func take(
    _ entries: [JournalEntry], to end: JournalChain
  ) throws(UnusableState) -> News {
    var next = self
    var cutovers: Set<String> = []
    for entry in entries {
      try next.replay.apply(entry)
      // An append that was not answered had taken effect.
      if next.overdue.first?.isTold(by: entry.record) == true { next.overdue.removeFirst() }
      if let cutover = entry.record.cutover { cutovers.insert(cutover) }
    }
    next.chain = end
    next.isUncertain = false
    let known = replay.contradictions.count
    self = next
    return News(
      cutovers: cutovers, contradictions: Array(replay.contradictions.dropFirst(known)))
  }
}
