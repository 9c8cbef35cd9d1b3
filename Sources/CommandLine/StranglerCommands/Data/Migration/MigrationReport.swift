// SPDX-License-Identifier: Apache-2.0
internal import DataMapping

/// What `strangler data status` says; its JSON is described by
/// `fixtures/schemas/data-status.schema.json`.
struct MigrationReport: Encodable {
  struct Gate: Encodable {
    let name: String
    /// `holds`, `missing`, or `open` where it takes the step itself to find out.
    let outcome: String
    /// What is missing.
    let missing: [String]

    /// `missing few-waiting: ...`.
    var text: String {
      let outcome = outcome + String(repeating: " ", count: max(0, 7 - outcome.count))
      return "\(outcome) \(name)\(missing.isEmpty ? "" : ": \(missing.joined(separator: "; "))")"
    }
  }

  struct Decision: Encodable {
    let at: String
    let actor: String
    let reason: String
    let action: String
    let from: String
    let to: String
    let epoch: Int64
    let evidence: String

    init(_ entry: MigrationEntry) {
      at = UnixTime.text(entry.at)
      (actor, reason, action) = (entry.actor, entry.reason, entry.action.rawValue)
      (from, to) = (entry.from.rawValue, entry.to.rawValue)
      (epoch, evidence) = (entry.epoch, entry.evidence)
    }

    var text: String {
      let details = evidence.isEmpty ? "" : " (\(evidence))"
      return "\(at)  \(actor): \(action), \(from) to \(to): \(reason)\(details)"
    }
  }

  struct Mapping: Encodable {
    let name: String
    let from: String
    let to: String
    let state: String
    /// The state that both stores are brought to; `state` when nothing is under way.
    let target: String
    let settled: Bool
    let epoch: Int64
    /// Who takes the writes and who answers reads, `legacy` or `new`.
    let writes: String
    let reads: String
    /// What each store lets happen: `free`, `primary`, `follower` or `closed`.
    let legacyFence: String
    let newFence: String
    let waiting: Int
    let refused: [String]
    /// `missing`, `unfinished`, `finished` or `other-mapping`.
    let backfill: String
    /// The next state; empty at the end.
    let next: String
    let gates: [Gate]
    /// The state that a retreat leads to; empty where there is no way back.
    let back: String
    let history: [Decision]

    /// For people.
    let summary: String

    private enum CodingKeys: CodingKey {
      case name, from, to, state, target, settled, epoch, writes, reads, legacyFence, newFence,
        waiting, refused, backfill, next, gates, back, history
    }

    init(
      _ check: MappingCheck, _ migration: Migration, _ facts: MigrationFacts,
      _ evidence: MigrationEvidence, _ entries: [MigrationEntry]
    ) {
      name = check.mapping.name
      from = check.mapping.legacy.description
      to = check.mapping.new.description
      state = migration.state.rawValue
      target = migration.target.rawValue
      settled = migration.isSettled
      epoch = migration.epoch
      writes = migration.state.owner.rawValue
      reads = migration.state.reads.rawValue
      legacyFence = facts.legacy.role.rawValue
      newFence = facts.new.role.rawValue
      waiting = evidence.waiting
      refused = evidence.refused
      backfill =
        switch evidence.backfill {
        case .missing: "missing"
        case .unfinished: "unfinished"
        case .finished: "finished"
        case .otherMapping: "other-mapping"
        }
      next = migration.state.next?.rawValue ?? ""
      back = migration.state.previous?.rawValue ?? ""
      gates = (migration.step(.advance)?.gates ?? []).map { gate in
        let missing = gate.objections(to: evidence, fingerprint: migration.fingerprint)
        let isOpen = gate.needsComparison || (gate == .mappingHolds && missing.isEmpty)
        return Gate(
          name: gate.rawValue,
          outcome: isOpen ? "open" : missing.isEmpty ? "holds" : "missing",
          missing: isOpen ? [] : missing)
      }
      history = entries.map(Decision.init)
      summary = migration.state.summary
    }

    var text: String {
      var lines = ["\(name): \(from) to \(to)", "  \(state): \(summary)"]
      if !settled {
        lines.append("  under way to \(target): the next advance or retreat goes on or turns back")
      }
      lines.append("  changes waiting: \(waiting); backfill: \(backfill)")
      lines += refused.map { "  refused: \($0)" }
      if !next.isEmpty { lines.append("  next: \(next)") }
      lines += gates.map { "    \($0.text)" }
      if !back.isEmpty { lines.append("  back: \(back)") }
      lines += history.map { "  \($0.text)" }
      return lines.map { $0 + "\n" }.joined()
    }
  }

  let schema = "strangler.data-status/1"
  let file: String
  let mappings: [Mapping]

  var text: String { mappings.map(\.text).joined(separator: "\n") }
}
