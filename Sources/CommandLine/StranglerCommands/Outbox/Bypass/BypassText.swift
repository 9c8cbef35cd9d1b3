// SPDX-License-Identifier: Apache-2.0
internal import TransactionalMessaging

/// A report of changes without an event, for people.
enum BypassText {
  static func report(_ report: BypassReport) -> String {
    var lines = report.tables.map(line)
    if !report.seesEvents {
      lines.append(
        "warning: the outbox's own trigger is missing or takes no effect: install it again")
    }
    if report.isFull {
      lines.append("warning: no more is noted until strangler outbox bypass prune makes room")
    }
    for finding in report.findings {
      let client = [
        finding.application.map { " by \($0)" }, finding.role.map { " as \($0)" },
      ].compactMap(\.self).joined()
      lines.append(
        "\(finding.count) times \(finding.operation) of \(finding.table)\(client), from "
          + "\(UnixTime.text(finding.firstAt)) to \(UnixTime.text(finding.lastAt))")
      if let statement = finding.statement { lines.append("  \(oneLine(statement))") }
      lines += finding.places.map { place in
        "  \(place.file):\(place.line):\(place.column): \(place.symbol)"
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func line(_ table: BypassReport.Table) -> String {
    let count =
      table.bypasses == 0 ? "every change had its event" : "\(table.bypasses) without an event"
    return switch table.state {
    case .watched: "\(table.name): watched since \(UnixTime.text(table.since)), \(count)"
    case .altered:
      "\(table.name): its triggers are missing or take no effect: install them again"
    case .missing:
      "\(table.name): there is no such table any more: remove it"
    }
  }

  private static func oneLine(_ statement: String) -> String {
    statement.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
