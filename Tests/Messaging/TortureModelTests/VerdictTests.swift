// SPDX-License-Identifier: Apache-2.0

import Testing
import TortureModel

/// A run in which all is well; each test plants one fault in it and sees that one found.
struct VerdictTests {
  private struct Run {
    var ledger = TortureLedger()
    var evidence = TortureEvidence()
    private var at: Int64 = 0

    /// Six events of two aggregates in three transactions, and one that was undone.
    init() {
      for number in 1...3 {
        let events = ["a", "b"].map { WriterTransaction.Event(id: "\($0)\(number)", aggregate: $0) }
        intend("t\(number)", events)
        outcome("t\(number)", .committed)
        store("t\(number)", events, version: Int64(number))
      }
      intend("t4", [.init(id: "a4", aggregate: "a")])
      outcome("t4", .aborted)
      for row in evidence.outbox {
        send(row.sighting)
        evidence.effects.append(row.sighting)
      }
    }

    mutating func intend(_ name: String, _ events: [WriterTransaction.Event]) {
      add(.intent(transaction: name, events: events))
    }

    mutating func outcome(_ name: String, _ outcome: TortureRecord.Outcome) {
      add(.outcome(transaction: name, outcome))
    }

    mutating func store(_ name: String, _ events: [WriterTransaction.Event], version: Int64) {
      evidence.rows[name] = Set(events.map(\.id))
      for event in events {
        evidence.outbox.append(
          .init(
            sequence: Int64(evidence.outbox.count + 1),
            sighting: Sighting(id: event.id, aggregate: event.aggregate, version: version)))
      }
    }

    mutating func send(_ sighting: Sighting) {
      at += 1
      add(
        .sent(
          at: at, id: sighting.id, aggregate: sighting.aggregate, version: sighting.version))
    }

    /// The ledger without some sendings, in another order.
    mutating func sendAgain(_ order: (inout [Sighting]) -> Void) {
      var sent = ledger.sent
      order(&sent)
      let transactions = ledger.transactions.values
      ledger = TortureLedger()
      for transaction in transactions {
        intend(transaction.name, transaction.events)
        outcome(transaction.name, transaction.outcome)
      }
      for sighting in sent { send(sighting) }
    }

    private mutating func add(_ record: TortureRecord) {
      ledger.add(record, from: Seat(role: .relay, index: 0), life: 0)
    }

    var verdict: TortureVerdict { TortureVerdict(ledger, evidence) }

    var found: [String] {
      verdict.findings.map { "\($0.fault) \($0.place) \($0.id)" }.sorted()
    }
  }

  @Test func whereAllIsWellNothingIsFound() {
    let verdict = Run().verdict
    #expect(verdict.findings == [])
    #expect(verdict.events == 6 && verdict.effects == 6 && verdict.sentAgain == 0)
    #expect(verdict.transactions.committed == 3 && verdict.transactions.aborted == 1)
  }

  @Test func sendingTwiceIsAllowed() {
    var run = Run()
    run.sendAgain { $0 += $0.prefix(3) }
    #expect(run.found == [])
    #expect(run.verdict.sentAgain == 3)
  }

  @Test func anEventThatIsPassedOverIsLost() {
    var run = Run()
    run.sendAgain { $0.removeAll { $0.id == "a2" } }
    run.evidence.effects.removeAll { $0.id == "a2" || $0.id == "a3" }
    // What follows it waits for it.
    run.evidence.waiting = ["a3"]
    #expect(run.found == ["lost relay a2", "stuck consumer a3"])
  }

  @Test func anEventThatTheRelayDoesNotReachIsStuck() {
    var run = Run()
    run.sendAgain { $0.removeAll { $0.id == "b3" } }
    run.evidence.effects.removeAll { $0.id == "b3" }
    #expect(run.found == ["stuck relay b3"])
  }

  @Test func aParkedAggregateIsStuckAndNotLost() {
    var run = Run()
    run.sendAgain { $0.removeAll { $0.id == "a2" || $0.id == "a3" } }
    run.evidence.effects.removeAll { $0.id == "a2" || $0.id == "a3" }
    run.evidence.parked = ["a"]
    #expect(run.found == ["stuck relay a2", "stuck relay a3"])
  }

  @Test func anEffectThatNeverHappensIsLost() {
    var run = Run()
    run.evidence.effects.removeAll { $0.id == "b1" }
    #expect(run.found == ["lost consumer b1"])
  }

  @Test func anEffectThatHappensTwiceIsDoubled() {
    var run = Run()
    run.evidence.effects.append(run.evidence.effects[1])
    #expect(run.found == ["doubled consumer b1"])
  }

  @Test func firstSendingsOutOfOrderAreFound() {
    var run = Run()
    run.sendAgain { $0.swapAt(0, 2) }
    #expect(run.found == ["reordered relay a1"])
  }

  @Test func theClockDecidesAboutOrderNotThePipe() {
    var run = Run()
    let late = Sighting(id: "a4", aggregate: "a", version: 4)
    let later = Sighting(id: "a5", aggregate: "a", version: 5)
    for (name, sighting) in [("t5", late), ("t6", later)] {
      run.intend(name, [.init(id: sighting.id, aggregate: "a")])
      run.outcome(name, .committed)
      run.store(name, [.init(id: sighting.id, aggregate: "a")], version: sighting.version)
      run.evidence.effects.append(sighting)
    }
    let seat = Seat(role: .relay, index: 1)
    for (at, sighting) in [(2_000, later), (1_000, late)] {
      run.ledger.add(
        .sent(
          at: Int64(at), id: sighting.id, aggregate: sighting.aggregate, version: sighting.version),
        from: seat, life: 0)
    }
    // t4, which was undone, had the same id in its plan.
    #expect(run.verdict.findings.allSatisfy { $0.place == .outbox })
    #expect(run.verdict.count(.reordered) == 0)
  }

  @Test func effectsOutOfOrderAreFound() {
    var run = Run()
    run.evidence.effects.swapAt(3, 5)
    #expect(run.found == ["reordered consumer b2"])
  }

  @Test func whatWasUndoneMustNotArrive() {
    var run = Run()
    let undone = Sighting(id: "a4", aggregate: "a", version: 4)
    run.send(undone)
    run.evidence.effects.append(undone)
    #expect(run.found == ["unexpected consumer a4", "unexpected relay a4"])
  }

  @Test func whatWasUndoneMustNotBeThere() {
    var run = Run()
    run.store("t4", [.init(id: "a4", aggregate: "a")], version: 4)
    run.sendAgain { $0.append(Sighting(id: "a4", aggregate: "a", version: 4)) }
    run.evidence.effects.append(Sighting(id: "a4", aggregate: "a", version: 4))
    #expect(run.found == ["unexpected outbox a4"])
  }

  @Test func whatNobodyWroteMustNotBeThere() {
    var run = Run()
    run.store("t9", [.init(id: "b4", aggregate: "b")], version: 4)
    let sighting = Sighting(id: "b4", aggregate: "b", version: 4)
    run.send(sighting)
    run.evidence.effects.append(sighting)
    #expect(run.found == ["unexpected outbox b4", "unexpected outbox t9"])
  }

  @Test func whatWasAcknowledgedMustBeThere() {
    var run = Run()
    run.intend("t5", [.init(id: "b4", aggregate: "b")])
    run.outcome("t5", .committed)
    #expect(run.found == ["lost outbox b4"])
  }

  @Test func anUnknownEndIsEitherOfTwo() {
    var run = Run()
    run.intend("t5", [.init(id: "b4", aggregate: "b"), .init(id: "b5", aggregate: "b")])
    #expect(run.found == [])
    #expect(run.verdict.transactions.unknownUndone == 1)

    run.store("t5", [.init(id: "b4", aggregate: "b")], version: 4)
    #expect(run.found.contains("torn outbox t5"), "one of its two events is there")

    run.evidence.rows["t5"] = ["b4", "b5"]
    run.evidence.outbox.append(
      .init(sequence: 8, sighting: Sighting(id: "b5", aggregate: "b", version: 5)))
    for sighting in run.evidence.outbox.suffix(2).map(\.sighting) {
      run.send(sighting)
      run.evidence.effects.append(sighting)
    }
    #expect(run.found == [])
    #expect(run.verdict.transactions.unknownCommitted == 1)
  }

  @Test func dataWithoutItsEventIsTorn() {
    var run = Run()
    run.evidence.outbox.removeAll { $0.sighting.id == "b3" }
    run.evidence.effects.removeAll { $0.id == "b3" }
    run.sendAgain { $0.removeAll { $0.id == "b3" } }
    #expect(run.found == ["torn outbox t3"])
  }

  @Test func versionsWithAGapAreFound() {
    var run = Run()
    run.evidence.outbox[4].sighting.version = 4
    run.evidence.effects[4].version = 4
    run.sendAgain { $0[4].version = 4 }
    #expect(run.found == ["reordered outbox a3"])
  }

  @Test func aReportCountsByKindAndPlace() {
    var run = Run()
    run.evidence.effects.removeAll { $0.id == "b1" }
    run.evidence.effects.append(run.evidence.effects[0])
    let report = TortureReport(
      TortureSettings(seed: 5, store: .sqlite, broker: .inProcess), run.verdict,
      recovery: RelayRecovery(deaths: [], sent: [], outages: []), strikes: ["saved": 2], kills: 2,
      notes: [], milliseconds: 1_000)
    #expect(report.count(.lost) == 1 && report.count(.doubled) == 1 && report.count(.stuck) == 0)
    #expect(report.text.contains("lost         1  (1 at consumer)"))
    #expect(report.text.contains("seed 5"))
  }
}

struct RelayRecoveryTests {
  private func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }

  @Test func theNextSendingEndsIt() {
    let recovery = RelayRecovery(
      deaths: [milliseconds(100), milliseconds(1_000), milliseconds(9_000)],
      sent: [50, 90, 150, 300, 1_700, 2_000].map(milliseconds), outages: [])
    #expect(recovery.count == 2)
    #expect(recovery.longest == 700)
  }

  @Test func aServerThatIsAwayExcusesIt() {
    let recovery = RelayRecovery(
      deaths: [milliseconds(100), milliseconds(1_000)], sent: [150, 5_000].map(milliseconds),
      outages: [milliseconds(2_000)...milliseconds(4_000)])
    #expect(recovery.count == 1 && recovery.longest == 50)
  }

  @Test func nobodyDied() {
    #expect(RelayRecovery(deaths: [], sent: [1], outages: []).count == 0)
  }
}
