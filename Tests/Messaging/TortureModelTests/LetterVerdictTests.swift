// SPDX-License-Identifier: Apache-2.0

import Testing
import TortureModel

/// A small consumer in which one rule after the other can be broken: what the verdict finds of each
/// shows that it can fail.
struct SmallConsumer {
  enum Mutation: CaseIterable {
    case none
    /// An event that fails is forgotten.
    case forgets
    /// What is behind a dead letter goes on.
    case overtakes
    /// The death of a process counts as a failure of the event.
    case countsDeaths
    /// An event is given up at its first failure.
    case isHasty
    /// An event is tried for ever.
    case isPatient
    /// What a failed attempt has written stays.
    case leaks
    /// A dead letter stops the others too.
    case stopsAll
    /// A replay gives the letter up and goes on behind it.
    case skips
    /// A replay that was cut in half is done twice.
    case replaysTwice
  }

  private let mutation: Mutation
  private var ledger = TortureLedger()
  private var evidence = TortureEvidence()
  /// What waits, by aggregate.
  private var waiting: [String: [Sighting]] = [:]
  private var dead: [String: Sighting] = [:]
  /// Failed attempts of each dead letter.
  private var letters: [String: Int64] = [:]
  private var at: Int64 = 0

  init(_ mutation: Mutation) { self.mutation = mutation }

  /// Three aggregates with four events each; the second of `a` is poison, and a process dies over
  /// the third of `b`.
  mutating func run() -> [String] {
    let events = (1...4).flatMap { version in
      ["a", "b", "c"].map { Sighting(id: "\($0)\(version)", aggregate: $0, version: version) }
    }
    for event in events { write(event) }
    for event in events { deliver(event) }
    standStill()
    replay()
    evidence.waiting = Set(waiting.values.flatMap { $0.map(\.id) })
    return TortureVerdict(ledger, evidence).findings
      .map { "\($0.fault) \($0.place) \($0.id)" }.sorted()
  }

  private mutating func write(_ event: Sighting) {
    at += 1
    if event.id == "a2" { add(.poison(id: event.id)) }
    add(.intent(transaction: event.id, events: [.init(id: event.id, aggregate: event.aggregate)]))
    add(.outcome(transaction: event.id, .committed))
    evidence.rows[event.id] = [event.id]
    evidence.outbox.append(.init(sequence: at, sighting: event))
    add(.sent(at: at, id: event.id, aggregate: event.aggregate, version: event.version))
  }

  private mutating func deliver(_ event: Sighting) {
    let isHeld = mutation == .stopsAll ? !dead.isEmpty : dead[event.aggregate] != nil
    if isHeld, mutation != .overtakes {
      waiting[event.aggregate, default: []].append(event)
    } else if event.id == "a2" {
      fail(event)
    } else if event.id == "b3", mutation == .countsDeaths {
      park(event, attempts: TortureSettings.attempts)
    } else {
      evidence.effects.append(event)
    }
  }

  private mutating func fail(_ event: Sighting) {
    switch mutation {
    case .forgets: break
    case .isHasty: park(event, attempts: 1)
    case .isPatient: park(event, attempts: nil)
    case .leaks:
      evidence.effects.append(event)
      park(event, attempts: TortureSettings.attempts)
    default: park(event, attempts: TortureSettings.attempts)
    }
  }

  private mutating func park(_ event: Sighting, attempts: Int?) {
    waiting[event.aggregate] = [event]
    dead[event.aggregate] = event
    letters[event.id] = attempts.map(Int64.init)
  }

  private mutating func standStill() {
    guard !letters.isEmpty else { return }
    evidence.standstills.append(
      Standstill(done: Set(evidence.effects.map(\.id)), dead: dead.mapValues(\.version)))
  }

  private mutating func replay() {
    for (aggregate, event) in dead.sorted(by: { $0.key < $1.key }) {
      guard let attempts = letters[event.id] else { continue }
      add(.letter(event, attempts: attempts))
      var rest = waiting.removeValue(forKey: aggregate) ?? []
      if mutation == .skips { rest.removeFirst() }
      if mutation == .replaysTwice, let first = rest.first { evidence.effects.append(first) }
      evidence.effects += rest
    }
    for aggregate in waiting.keys.sorted() where dead[aggregate] == nil {
      evidence.effects += waiting.removeValue(forKey: aggregate) ?? []
    }
  }

  private mutating func add(_ record: TortureRecord) {
    ledger.add(record, from: Seat(role: .relay, index: 0), life: 0)
  }
}

struct LetterVerdictTests {
  private static let findings: [SmallConsumer.Mutation: [String]] = [
    .none: [],
    .forgets: ["lost consumer a2"],
    .overtakes: ["reordered consumer a2", "reordered consumer a3", "reordered consumer a4"],
    .countsDeaths: ["condemned consumer b3"],
    .isHasty: ["condemned consumer a2"],
    .isPatient: ["stuck consumer a2", "stuck consumer a3", "stuck consumer a4"],
    .leaks: ["doubled consumer a2", "reordered consumer a2"],
    .stopsAll: [
      "stuck consumer b2", "stuck consumer b3", "stuck consumer b4", "stuck consumer c2",
      "stuck consumer c3", "stuck consumer c4",
    ],
    .skips: ["lost consumer a2"],
    .replaysTwice: ["doubled consumer a2"],
  ]

  @Test(arguments: SmallConsumer.Mutation.allCases)
  func whatBreaksARuleIsFound(mutation: SmallConsumer.Mutation) {
    var consumer = SmallConsumer(mutation)
    #expect(consumer.run() == Self.findings[mutation])
  }

  @Test func aLetterThatIsSeenTwiceCountsOnce() {
    var ledger = TortureLedger()
    let letter = TortureRecord.letter(Sighting(id: "x", aggregate: "a", version: 1), attempts: 3)
    for _ in 0..<2 { ledger.add(letter, from: Seat(role: .operator, index: 0), life: 1) }
    #expect(TortureVerdict(ledger, TortureEvidence()).letters == 1)
  }

  /// What ends processes has done so ten times, and perhaps once more over the letter itself.
  @Test(arguments: [(9, 1), (10, 0), (11, 0), (13, 0), (14, 1)])
  func deathsOverALetterCountToo(deaths: Int64, findings: Int) {
    let event = Sighting(id: "a0", aggregate: "a", version: 1)
    var ledger = TortureLedger()
    for record: TortureRecord in [.poison(id: "a0"), .letter(event, attempts: deaths)] {
      ledger.add(record, from: Seat(role: .operator, index: 0), life: 1)
    }
    let found = TortureVerdict(ledger, TortureEvidence()).findings
    #expect(found.count == findings)
    #expect(found.allSatisfy { $0.detail == "after \(deaths) attempts, not 10" })
  }

  @Test func aPartIsSaidToBeOne() {
    let report = TortureReport(
      TortureSettings(seed: 5, store: .sqlite, broker: .inProcess, kills: 40),
      TortureVerdict(TortureLedger(), TortureEvidence()),
      recovery: RelayRecovery(deaths: [], sent: [], outages: []), strikes: [:], kills: 7, notes: [],
      milliseconds: 1_000, isPartial: true)
    #expect(report.text.contains("PARTIAL: interrupted after 7 of 40 kills"))
  }
}
