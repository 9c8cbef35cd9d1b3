// SPDX-License-Identifier: Apache-2.0

/// One thing that must not be.
package struct TortureFinding: Sendable, Equatable, Codable {
  package enum Fault: String, Sendable, Codable, CaseIterable {
    /// Committed, and nowhere where it should have gone.
    case lost
    /// Its effects happened more than once.
    case doubled
    /// Seen for the first time after a later one of its aggregate.
    case reordered
    /// Committed, and still waiting although everything is at rest.
    case stuck
    /// There, although its transaction was undone or never was.
    case unexpected
    /// Of a transaction that is partly there.
    case torn
    /// A dead letter although nothing was wrong with it, or after another number of attempts than
    /// there are.
    case condemned
  }

  package enum Place: String, Sendable, Codable, CaseIterable {
    /// The writer's database.
    case outbox
    /// What relays sent.
    case relay
    /// What the consumer did.
    case consumer
  }

  package var fault: Fault
  package var place: Place
  /// The event, or the transaction where there is none.
  package var id: String
  package var aggregate: String
  package var version: Int64
  /// What more there is to say; nil where the fault says all.
  package var detail: String?

  package init(
    _ fault: Fault, _ place: Place, id: String, aggregate: String = "", version: Int64 = 0
  ) {
    self.fault = fault
    self.place = place
    self.id = id
    self.aggregate = aggregate
    self.version = version
  }

  init(_ fault: Fault, _ place: Place, _ sighting: Sighting, detail: String? = nil) {
    self.init(
      fault, place, id: sighting.id, aggregate: sighting.aggregate, version: sighting.version)
    self.detail = detail
  }
}

/// What became of every event, judged by the ledger and by what is there at the end.
///
/// The relay may send an event more than once; everything else holds exactly.
package struct TortureVerdict: Sendable, Equatable {
  /// Transactions by what became of them; the last two are those whose writer never knew.
  package struct Transactions: Sendable, Equatable, Codable {
    package var committed = 0
    package var aborted = 0
    package var unknownCommitted = 0
    package var unknownUndone = 0

    package init() {}
  }

  package private(set) var findings: [TortureFinding] = []
  package private(set) var transactions = Transactions()
  /// Events that are committed.
  package private(set) var events = 0
  /// Sendings, and how many of them were not the event's first.
  package private(set) var sendings = 0
  package private(set) var sentAgain = 0
  package private(set) var effects = 0
  /// Events that were dead letters.
  package private(set) var letters = 0

  package init(_ ledger: TortureLedger, _ evidence: TortureEvidence) {
    let committed = judgeOutbox(ledger, evidence)
    events = committed.count
    let sent = ledger.sent
    judgeRelay(sent, committed, evidence)
    judgeConsumer(sent, committed, evidence)
    judgeLetters(ledger)
    judgeStandstills(sent, committed, evidence)
  }

  /// How many of a kind there are, over all places or in one.
  package func count(
    _ fault: TortureFinding.Fault, in place: TortureFinding.Place? = nil
  ) -> Int {
    findings.count { $0.fault == fault && (place == nil || $0.place == place) }
  }

  // MARK: - The outbox

  /// Every transaction is wholly there or wholly not, and where its writer knew which, it is so.
  ///
  /// - Returns: the events that are committed, by id.
  private mutating func judgeOutbox(
    _ ledger: TortureLedger, _ evidence: TortureEvidence
  ) -> [String: TortureEvidence.Stored] {
    var stored: [String: TortureEvidence.Stored] = [:]
    var unclaimed: Set<String> = []
    for row in evidence.outbox {
      if stored.updateValue(row, forKey: row.sighting.id) != nil {
        findings.append(TortureFinding(.doubled, .outbox, row.sighting))
      }
      unclaimed.insert(row.sighting.id)
    }
    for transaction in ledger.transactions.values.sorted(by: { $0.name < $1.name }) {
      let ids = Set(transaction.events.map(\.id))
      unclaimed.subtract(ids)
      let present = ids.filter { stored[$0] != nil }
      let rows = evidence.rows[transaction.name] ?? []
      let isThere = present == ids && rows == ids
      guard isThere || (present.isEmpty && rows.isEmpty) else {
        findings.append(TortureFinding(.torn, .outbox, id: transaction.name))
        continue
      }
      note(transaction, isThere: isThere, stored)
    }
    for name in evidence.rows.keys.sorted() where ledger.transactions[name] == nil {
      findings.append(TortureFinding(.unexpected, .outbox, id: name))
    }
    for id in unclaimed.sorted() {
      guard let row = stored[id] else { continue }
      findings.append(TortureFinding(.unexpected, .outbox, row.sighting))
    }
    judgeVersions(evidence.outbox)
    return stored
  }

  private mutating func note(
    _ transaction: TortureLedger.Transaction, isThere: Bool,
    _ stored: [String: TortureEvidence.Stored]
  ) {
    switch (transaction.outcome, isThere) {
    case (.committed, true): transactions.committed += 1
    case (.aborted, false): transactions.aborted += 1
    case (.unknown, true): transactions.unknownCommitted += 1
    case (.unknown, false): transactions.unknownUndone += 1
    case (.committed, false):
      for event in transaction.events {
        findings.append(
          TortureFinding(.lost, .outbox, id: event.id, aggregate: event.aggregate))
      }
    case (.aborted, true):
      for event in transaction.events {
        guard let row = stored[event.id] else { continue }
        findings.append(TortureFinding(.unexpected, .outbox, row.sighting))
      }
    }
  }

  /// Versions of an aggregate are 1, 2, 3 and so on in the order of their sequences.
  private mutating func judgeVersions(_ outbox: [TortureEvidence.Stored]) {
    var last: [String: Int64] = [:]
    for row in outbox.sorted(by: { $0.sequence < $1.sequence }) {
      let expected = (last[row.sighting.aggregate] ?? 0) + 1
      if row.sighting.version != expected {
        findings.append(TortureFinding(.reordered, .outbox, row.sighting))
      }
      last[row.sighting.aggregate] = max(expected, row.sighting.version)
    }
  }

  // MARK: - The relay

  private mutating func judgeRelay(
    _ sent: [Sighting], _ committed: [String: TortureEvidence.Stored], _ evidence: TortureEvidence
  ) {
    sendings = sent.count
    let first = firstSightings(sent, committed, .relay)
    sentAgain = sent.count - first.count
    // What is below the highest sequence that was sent has been passed over.
    let passed = first.compactMap { committed[$0.id]?.sequence }.max() ?? 0
    let seen = Set(first.map(\.id))
    for row in inOrder(committed) where !seen.contains(row.sighting.id) {
      let waits = row.sequence > passed || evidence.parked.contains(row.sighting.aggregate)
      findings.append(TortureFinding(waits ? .stuck : .lost, .relay, row.sighting))
    }
  }

  // MARK: - The consumer

  private mutating func judgeConsumer(
    _ sent: [Sighting], _ committed: [String: TortureEvidence.Stored], _ evidence: TortureEvidence
  ) {
    effects = evidence.effects.count
    let first = firstSightings(evidence.effects, committed, .consumer)
    let done = Set(first.map(\.id))
    var times: [String: Int] = [:]
    for effect in evidence.effects { times[effect.id, default: 0] += 1 }
    for effect in first where times[effect.id] ?? 0 > 1 {
      findings.append(TortureFinding(.doubled, .consumer, effect))
    }
    let arrived = Set(sent.map(\.id))
    for row in inOrder(committed) where !done.contains(row.sighting.id) {
      // What was never sent is the relay's.
      guard arrived.contains(row.sighting.id) else { continue }
      let waits = evidence.waiting.contains(row.sighting.id)
      findings.append(TortureFinding(waits ? .stuck : .lost, .consumer, row.sighting))
    }
  }

  // MARK: - Dead letters

  /// An event becomes one when it has failed as often as it may, and not for anything else, such as
  /// the death of a process that was at it.
  private mutating func judgeLetters(_ ledger: TortureLedger) {
    letters = ledger.letters.count
    for letter in ledger.letters.values.sorted(by: { $0.sighting.id < $1.sighting.id }) {
      let attempts = letter.attempts.sorted()
      let due = TortureSettings.attemptsDue(letter.sighting.id)
      let isPoison = ledger.poison.contains(letter.sighting.id)
      guard !isPoison || attempts.count != 1 || !due.contains(attempts[0]) else { continue }
      let counts = attempts.map(String.init).joined(separator: " and ")
      let detail = isPoison ? "after \(counts) attempts, not \(due.lowerBound)" : "no poison"
      findings.append(TortureFinding(.condemned, .consumer, letter.sighting, detail: detail))
    }
  }

  /// Whatever is not behind a dead letter goes on, and what is behind one does not.
  private mutating func judgeStandstills(
    _ sent: [Sighting], _ committed: [String: TortureEvidence.Stored], _ evidence: TortureEvidence
  ) {
    // What never was sent is the relay's, and what never had its effect is found already.
    let known = Set(sent.map(\.id)).intersection(evidence.effects.map(\.id))
    var found: Set<String> = []
    for standstill in evidence.standstills {
      for row in inOrder(committed) where known.contains(row.sighting.id) {
        let sighting = row.sighting
        let waits = standstill.dead[sighting.aggregate].map { sighting.version >= $0 } ?? false
        guard waits == standstill.done.contains(sighting.id), found.insert(sighting.id).inserted
        else { continue }
        findings.append(TortureFinding(waits ? .reordered : .stuck, .consumer, sighting))
      }
    }
  }

  /// First sightings of committed events; what is out of order or not committed is found on the
  /// way.
  private mutating func firstSightings(
    _ sightings: [Sighting], _ committed: [String: TortureEvidence.Stored],
    _ place: TortureFinding.Place
  ) -> [Sighting] {
    var seen: Set<String> = []
    var highest: [String: Int64] = [:]
    var first: [Sighting] = []
    for sighting in sightings where seen.insert(sighting.id).inserted {
      guard committed[sighting.id]?.sighting == sighting else {
        findings.append(TortureFinding(.unexpected, place, sighting))
        continue
      }
      first.append(sighting)
      if let before = highest[sighting.aggregate], before > sighting.version {
        findings.append(TortureFinding(.reordered, place, sighting))
      } else {
        highest[sighting.aggregate] = sighting.version
      }
    }
    return first
  }

  private func inOrder(
    _ committed: [String: TortureEvidence.Stored]
  ) -> [TortureEvidence.Stored] {
    committed.values.sorted { $0.sequence < $1.sequence }
  }
}
