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
    let figures = figures()
    if !figures.isEmpty { lines += [""] + figures }
    lines += report.crowds.map(sentence) + report.outages.map(sentence)
    lines += report.notes.map { "note: \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(of item: Report.CaseReport) -> [String] {
    var rows = [
      [
        "", "us/request", "user/sys", "x \(report.reference)", "(min - max)", "requests/s",
        "load us",
      ]
    ]
    rows += item.contenders.map { cost in
      let user = cost.processorTime.median * cost.userShare
      return [
        cost.contender, number(cost.processorTime.median),
        "\(number(user))/\(number(cost.processorTime.median - user))",
        number(cost.ratio.median, 2), range(cost.ratio), number(cost.requestsPerSecond, 0),
        number(cost.loadTime + cost.originTime),
      ]
    }
    let title =
      "Processor time, \(item.setup.title), \(item.clients) clients; "
      + rounds(item.rounds, item.droppedRounds, item.disturbed)
    return [title] + TextColumns.align(rows)
  }

  private func table(of item: Report.LatencyReport) -> [String] {
    var rows = [["", "p50 us", "p99 us", "x \(report.reference)", "(min - max)"]]
    rows += item.contenders.map { latency in
      [
        latency.contender, number(latency.median.median, 0),
        number(latency.percentile99.median, 0), number(latency.ratio.median, 2),
        range(latency.ratio),
      ]
    }
    let title =
      "Latency, \(BenchmarkCase.small.title), \(number(item.requestsPerSecond, 0)) requests/s "
      + "(half of what \(report.reference) can do); "
      + rounds(item.rounds, item.droppedRounds, item.disturbed)
    return [title] + TextColumns.align(rows)
  }

  private func figures() -> [String] {
    let columns: [(String, [Report.Figure], Int)] = [
      ("user instructions", report.instructionsPerRequest, 0),
      ("system calls", report.systemCallsPerRequest, 2),
      ("KiB per idle client", report.kibibytesPerIdleClient, 2),
    ].filter { !$0.1.isEmpty }
    if columns.isEmpty { return [] }
    var names: [String] = []
    for figure in columns.flatMap(\.1) where !names.contains(figure.contender) {
      names.append(figure.contender)
    }
    var rows = [[""] + columns.map(\.0)]
    rows += names.map { name in
      [name]
        + columns.map { _, figures, digits in
          figures.first { $0.contender == name }.map { number($0.value, digits) } ?? "-"
        }
    }
    return ["For one small request, and for one idle keep-alive client"] + TextColumns.align(rows)
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

  private func rounds(_ kept: Int, _ dropped: Int, _ disturbed: Bool) -> String {
    disturbed
      ? "\(kept) rounds, ALL BESIDE FOREIGN LOAD: repeat on a quiet machine"
      : "median of \(kept) rounds, \(dropped) dropped for foreign load"
  }

  private func range(_ spread: Spread) -> String {
    "(\(number(spread.least, 2)) - \(number(spread.most, 2)))"
  }

  private func number(_ value: Double, _ digits: Int = 1) -> String {
    String(format: "%.\(digits)f", value)
  }
}

/// Columns of text: the first aligned left, the others right.
enum TextColumns {
  static func align(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      return "  " + cells.joined(separator: "  ")
    }
  }
}
