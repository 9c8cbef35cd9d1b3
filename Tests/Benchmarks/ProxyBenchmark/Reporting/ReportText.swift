// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The report as tables for people.
struct ReportText {
  let report: Report

  var text: String {
    var lines = ["\(report.machine.processors) processors, \(report.machine.model)"]
    lines += report.versions.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    for item in report.cases { lines += [""] + table(of: item) }
    if let latency = report.halfLoad { lines += [""] + table(of: latency) }
    for client in ClientProtocol.allCases {
      let table = figures(client)
      if !table.isEmpty { lines += [""] + table }
    }
    lines += report.crowds.map(sentence) + report.outages.map(sentence)
    if !report.shadows.isEmpty {
      lines +=
        ["", "Shadow traffic: the primary without and with, interleaved"] + pairs(report.shadows)
    }
    if !report.compositions.isEmpty {
      lines +=
        ["", "Composed answers: their slowest part alone and the whole, interleaved"]
        + pairs(report.compositions)
    }
    lines += report.notes.map { "note: \($0)" }
    lines += report.failures.map { "FAILED: \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(of item: Report.CaseReport) -> [String] {
    let unit = item.setup.unit
    let titles =
      ["", "us/\(unit)", "user/sys"] + ratioTitles + ["\(unit)s/s", "load us", "demanded"]
    let rows = item.contenders.map { cost in
      let user = cost.processorTime.median * cost.userShare
      return [
        cost.contender, number(cost.processorTime.median),
        "\(number(user))/\(number(cost.processorTime.median - user))",
      ] + ratios(cost.ratios) + [
        number(cost.requestsPerSecond, 0), number(cost.loadTime + cost.originTime),
        verdicts(cost.verdicts),
      ]
    }
    return ["Processor time, \(item.setup.title); \(rounds(item.rounds))"]
      + TextColumns.align([titles] + rows)
  }

  private func table(of item: Report.LatencyReport) -> [String] {
    let titles = ["", "p50 us", "p99 us"] + ratioTitles + ["demanded"]
    let rows = item.contenders.map { latency in
      [
        latency.contender, number(latency.median.median, 0),
        number(latency.percentile99.median, 0),
      ] + ratios(latency.ratios) + [verdicts(latency.verdicts)]
    }
    let title =
      "Latency, \(item.setup.title), \(number(item.requestsPerSecond, 0)) requests/s "
      + "(half of what \(report.references.first ?? "") can do); \(rounds(item.rounds))"
    return [title] + TextColumns.align([titles] + rows)
  }

  private func figures(_ client: ClientProtocol) -> [String] {
    let figures = report.figures.filter { $0.client == client }
    let kinds = Report.Figure.Kind.allCases.filter { kind in
      figures.contains { $0.kind == kind }
    }
    if kinds.isEmpty { return [] }
    var names: [String] = []
    for figure in figures where !names.contains(figure.contender) { names.append(figure.contender) }
    let rows = names.map { name in
      let own = figures.filter { $0.contender == name }
      return [name]
        + kinds.map { kind in
          own.first { $0.kind == kind }.map { number($0.value, kind == .instructions ? 0 : 2) }
            ?? "-"
        } + [verdicts(kinds.flatMap { kind in own.filter { $0.kind == kind } }.flatMap(\.verdicts))]
    }
    return ["\(client.rawValue), for one small request and for one idle keep-alive client"]
      + TextColumns.align([[""] + kinds.map(\.rawValue) + ["demanded"]] + rows)
  }

  private func sentence(_ crowd: Report.Crowd) -> String {
    "\(crowd.contender): \(crowd.connections) connections, \(crowd.active) of them active for "
      + "\(number(crowd.seconds, 0)) s: \(crowd.requests) requests, 0 errors, memory "
      + "\(crowd.startKiB) KiB early and \(crowd.endKiB) KiB at the end"
  }

  private func sentence(_ item: Report.Outages) -> String {
    "\(item.contender): extracted side killed \(item.outages) times under load: "
      + "\(item.safeFailed) of \(item.safeAnswered + item.safeFailed) safe requests failed; of "
      + "\(item.unsafeAnswered + item.unsafeReported + item.unsafeLost) unsafe ones "
      + "\(item.unsafeReported) were reported as failed and \(item.unsafeLost) lost in silence"
  }

  private func pairs(_ pairs: [Report.Pair]) -> [String] {
    let titles = ["", "", "without", "with", "ratio", "(95 %)", "rounds", "demanded"]
    let rows = pairs.map { item in
      let verdict = item.limit.map { limit in
        let outcome = item.isMet.map { $0 ? "met" : "MISSED" } ?? "cannot be told here"
        return "\(outcome): at most \(number(limit, 2))"
      }
      return [
        item.contender, item.what, number(item.without.median), number(item.with.median),
        number(item.ratio.median, 2), range(item.ratio),
        "\(item.rounds.kept)\(item.rounds.isDisturbed ? " disturbed" : "")",
        verdict ?? "the machine's own noise",
      ]
    }
    return TextColumns.align([titles] + rows)
  }

  private var ratioTitles: [String] {
    report.references.flatMap { ["x \($0)", "(95 %)"] }
  }

  private func ratios(_ ratios: [String: Spread]) -> [String] {
    report.references.flatMap { name in
      ratios[name].map { [number($0.median, 2), range($0)] } ?? ["-", "-"]
    }
  }

  private func verdicts(_ verdicts: [Verdict]) -> String {
    verdicts.map { verdict in
      let reference = verdict.reference.map { "x \($0)" } ?? ""
      return "\(verdict.isMet ? "met" : "MISSED"): \(number(verdict.value, 2)) of at most "
        + "\(number(verdict.limit, 2))\(reference)"
    }.joined(separator: "; ")
  }

  private func rounds(_ count: Report.RoundCount) -> String {
    let load =
      "others used \(number(count.strangers.median, 2)) processors "
      + "(\(number(count.strangers.least, 2)) - \(number(count.strangers.most, 2)))"
    return count.isDisturbed
      ? "\(count.kept) rounds, ALL BESIDE FOREIGN LOAD: \(load); repeat on a quiet machine"
      : "median of \(count.kept) rounds, \(count.dropped) dropped for foreign load; \(load)"
  }

  /// Where the true median lies.
  private func range(_ spread: Spread) -> String {
    "(\(number(spread.low, 2)) - \(number(spread.high, 2)))"
  }

  private func number(_ value: Double, _ digits: Int = 1) -> String {
    String(format: "%.\(digits)f", value)
  }
}

/// Columns of text: the first and the last aligned left, the others right.
enum TextColumns {
  static func align(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        if column == count - 1 { return cell }
        return column == 0 ? cell + padding : padding + cell
      }
      let line = cells.joined(separator: "  ")
      return "  " + line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.endIndex)]
    }
  }
}
