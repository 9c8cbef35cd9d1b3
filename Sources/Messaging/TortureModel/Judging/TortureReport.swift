// SPDX-License-Identifier: Apache-2.0

/// What a run found, for people and for programs.
package struct TortureReport: Sendable, Equatable, Codable {
  /// Findings that are listed one by one; all of them are counted.
  private static let mostListed = 50

  package struct Count: Sendable, Equatable, Codable {
    package var fault: TortureFinding.Fault
    package var place: TortureFinding.Place
    package var count: Int
  }

  package var settings: TortureSettings
  /// How long it took, milliseconds.
  package var milliseconds: Int64
  /// Processes that died.
  package var kills: Int
  /// How often each thing was done.
  package var strikes: [String: Int]
  package var transactions: TortureVerdict.Transactions
  package var events: Int
  package var sendings: Int
  package var sentAgain: Int
  package var effects: Int
  /// Events that failed until they were dead letters, and were replayed.
  package var letters: Int
  /// Interrupted before all of the schedule was done: what was done is judged.
  package var isPartial: Bool
  package var recovery: RelayRecovery
  /// Only what was found.
  package var faults: [Count]
  /// The first of them.
  package var findings: [TortureFinding]
  /// The last things that processes had to say.
  package var notes: [String]

  package init(
    _ settings: TortureSettings, _ verdict: TortureVerdict, recovery: RelayRecovery,
    strikes: [String: Int], kills: Int, notes: [String], milliseconds: Int64,
    isPartial: Bool = false
  ) {
    self.settings = settings
    self.milliseconds = milliseconds
    self.kills = kills
    self.strikes = strikes
    transactions = verdict.transactions
    events = verdict.events
    sendings = verdict.sendings
    sentAgain = verdict.sentAgain
    effects = verdict.effects
    letters = verdict.letters
    self.isPartial = isPartial
    self.recovery = recovery
    faults = TortureFinding.Place.allCases.flatMap { place in
      TortureFinding.Fault.allCases.compactMap { fault in
        let count = verdict.count(fault, in: place)
        return count == 0 ? nil : Count(fault: fault, place: place, count: count)
      }
    }
    findings = Array(verdict.findings.prefix(Self.mostListed))
    self.notes = notes
  }

  package func count(_ fault: TortureFinding.Fault) -> Int {
    faults.reduce(0) { $0 + ($1.fault == fault ? $1.count : 0) }
  }

  /// For people.
  package var text: String {
    var lines = [
      """
      \(settings.store.rawValue) -> \(settings.broker.rawValue), rule \(settings.rule.rawValue), \
      seed \(settings.seed): \(milliseconds / 1_000) s
      """
    ]
    if isPartial {
      lines.append("PARTIAL: interrupted after \(kills) of \(settings.kills) kills")
    }
    lines += ["", "  kills        \(kills)"]
    for (name, count) in strikes.sorted(by: { $0.key < $1.key }) {
      lines.append("    \(name)  \(count)")
    }
    let unknown = transactions.unknownCommitted + transactions.unknownUndone
    lines += [
      """
        transactions \(transactions.committed) committed, \(transactions.aborted) undone, \
      \(unknown) with an unknown end: \(transactions.unknownCommitted) were committed
      """,
      "  events       \(events) committed, \(sendings) sent, \(sentAgain) of them again",
      "  effects      \(effects)",
      "  dead letters \(letters), replayed",
      """
        recovery     median \(recovery.median) ms, longest \(recovery.longest) ms over \
      \(recovery.count) deaths of a relay's owner; its lease is \(settings.lease) ms
      """, "",
    ]
    lines += TortureFinding.Fault.allCases.map { fault in
      let places = faults.filter { $0.fault == fault }.map { "\($0.count) at \($0.place.rawValue)" }
      let detail = places.isEmpty ? "" : "  (\(places.joined(separator: ", ")))"
      return "  \(fault.rawValue)".padded(15) + "\(count(fault))" + detail
    }
    if !findings.isEmpty { lines += ["", "  The first of them:"] }
    lines += findings.prefix(10).map { finding in
      let event =
        finding.aggregate.isEmpty
        ? finding.id : "\(finding.aggregate) version \(finding.version), \(finding.id)"
      let detail = finding.detail.map { " (\($0))" } ?? ""
      return "    \(finding.fault.rawValue) at \(finding.place.rawValue): \(event)\(detail)"
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
