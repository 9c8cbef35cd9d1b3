// SPDX-License-Identifier: Apache-2.0
internal import ControlPlane
internal import Foundation
internal import RoutingDecisions

/// What the cutover commands write.
enum CutoverText {
  static func json(_ value: some Encodable) -> String { JSONText.encode(value) }

  static func overview(_ overview: CutoverOverview) -> String {
    var lines = (overview.moves ?? []).map { move in
      "Moved, as the file asked for meanwhile: \(move.route), \(number(move.from)) -> "
        + "\(number(move.to)) %"
    }
    if overview.isKilled { lines.append("The kill switch is on: everybody stays with legacy.") }
    if overview.isFrozen { lines.append("Frozen: nothing is started or promoted.") }
    if let sharing = overview.journal.sharing {
      lines += Self.sharing(sharing, overview.journal.sequence)
    } else if !overview.isLeading {
      lines.append("An older process still carries the plans out.")
    }
    if overview.journal.overdue > 0 {
      lines.append(
        "Done, not yet written into the journal: \(overview.journal.overdue) ("
          + (overview.journal.isOverdueKept
            ? "kept beside it: a restart goes on with it)" : "A RESTART UNDOES IT)"))
    }
    if let failure = overview.journal.failure {
      lines.append("The journal cannot be written, so nothing is promoted: \(failure)")
    }
    for route in overview.routes {
      guard let held = route.heldPercent else { continue }
      lines.append(
        "\(route.name): \(number(route.percent)) %; the file's \(number(held)) % are taken up when "
          + "nothing is frozen any more")
    }
    let loose = overview.routes.filter { $0.cutover == nil && $0.heldPercent == nil }
    for route in loose where route.percent != route.filePercent {
      lines.append("\(route.name): \(number(route.percent)) %, set live; no plan")
    }
    var text = lines.map { $0 + "\n" }.joined()
    text += overview.cutovers.map { status($0) }.joined()
    if overview.cutovers.isEmpty { text += "the configuration has no cutovers\n" }
    return text
  }

  private static func sharing(_ sharing: SharingOverview, _ sequence: UInt64) -> [String] {
    let role =
      switch sharing.role {
      case .leading: "leads"
      case .following: "follows \(sharing.leader ?? "nobody: no proxy leads at the moment")"
      case .cutOff:
        "is cut off from the journal since \(sharing.cutOffSince ?? "?"), keeps its shares and "
          + "raises nothing: \(sharing.cutOffReason ?? "")"
      }
    return ["\(sharing.name) \(role); entry \(sequence)"]
      + sharing.replicas.map { replica in
        let configuration = replica.configurationHash.prefix(12)
        var line = "  \(replica.name): entry \(replica.sequence), configuration \(configuration)"
        if replica.isLeading { line += ", leading" }
        if replica.behind > 0 { line += ", \(replica.behind) behind" }
        if let routes = replica.strangeRoutes, !routes.isEmpty {
          line += ", serves \(routes.joined(separator: ", ")) otherwise and proves nothing of it"
        }
        if !replica.isCounted {
          line += ", not heard of for \(replica.silentMilliseconds / 1_000) s and not counted"
        }
        return line
      }
  }

  static func status(_ cutover: CutoverStatus) -> String {
    let stages = cutover.stages.enumerated().map { index, stage in
      let percent = "\(number(stage.percent))"
      return cutover.phase == .underWay && index + 1 == cutover.stage ? "[\(percent)]" : percent
    }
    var lines = ["\(cutover.name): \(phase(cutover)); stages \(stages.joined(separator: " > ")) %"]
    lines.append("  routes: \(cutover.routes.joined(separator: ", "))")
    guard cutover.phase == .underWay else {
      if cutover.phase != .ready {
        if let end = cutover.end {
          lines.append("  entry \(end.entry), \(end.at), \(end.actor): \(end.reason)")
        }
        // Such as those of a stage in which nobody was asked.
        lines += cutover.gates.filter { $0.legacy.requests + $0.extracted.requests > 0 }
          .map { "  \($0.text)" }
        lines.append("  all of it: strangler cutover history --cutover \(cutover.name)")
      }
      return lines.joined(separator: "\n") + "\n"
    }
    if let hold = cutover.holdText { lines.append("  holds: \(hold)") }
    if cutover.isAwaitingApproval, let run = cutover.plan {
      lines.append("  to approve: --stage \(cutover.stage + 1) --run \(run)")
    }
    lines.append("  judged in this stage: \(cutover.judged)")
    if cutover.isOutdated { lines.append("  the file has another plan, from its next start on") }
    lines += cutover.gates.map { "  \($0.text)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func phase(_ cutover: CutoverStatus) -> String {
    switch cutover.phase {
    case .ready: "not started"
    case .underWay:
      "stage \(cutover.stage) of \(cutover.stages.count), \(number(cutover.percent)) %"
    case .completed: "through, at \(number(cutover.percent)) %"
    case .rolledBack: "rolled back"
    case .ended:
      "ended by entry \(cutover.endedBy ?? 0), which moved its routes"
        + (cutover.percent > 0
          ? "; up to \(number(cutover.percent)) % stay on the new side, and no gate watches" : "")
    }
  }

  static func history(_ entries: [JournalEntryReport]) -> String {
    if entries.isEmpty { return "nothing was done yet\n" }
    return entries.map { entry in
      let cutover = entry.cutover.map { " [\($0)]" } ?? ""
      let revert = entry.revertedTo.map { "back to entry \($0): " } ?? ""
      let moves = entry.moves.map { move in
        "      \(move.route): \(number(move.from)) -> \(number(move.to)) %\n"
      }
      let evidence = (entry.evidence ?? "").split(separator: "\n").map { "      \($0)\n" }
      return "\(entry.sequence)  \(entry.at)  \(entry.actor)\(cutover): \(revert)\(entry.reason)\n"
        + moves.joined() + evidence.joined()
    }.joined()
  }

  static func verdict(_ verdict: JournalVerdict) -> String {
    guard let head = verdict.head else {
      return "the journal of \(verdict.installation) is empty\n"
    }
    return "the journal of \(verdict.installation) is what was written: \(verdict.sound) entries\n"
      + "head \(head)\n"
  }

  /// `5` and `0.5`, without a zero that says nothing.
  static func number(_ number: Double) -> String {
    number == number.rounded() ? "\(Int(number))" : "\(number)"
  }
}

extension CutoverCommand {
  /// Writes an answer of the admin API: as it came, or for people.
  static func write(
    _ answer: Data, _ format: RoutesFormat, text: (Data) throws -> String
  ) throws {
    Terminal.standardOutput.write(format == .json ? answer.text : try text(answer))
  }
}
