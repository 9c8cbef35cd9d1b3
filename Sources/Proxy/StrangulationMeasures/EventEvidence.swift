// SPDX-License-Identifier: Apache-2.0

/// What is known of the events that tell others of changes.
package struct EventEvidence: Sendable, Hashable {
  /// A table that is watched for changes without an event.
  package struct Watched: Sendable, Hashable {
    package var table: String
    /// Changes without one.
    package var bypasses: Int
    /// Nil where changes are seen, else why not.
    package var blindness: String?

    package init(_ table: String, bypasses: Int, blindness: String? = nil) {
      (self.table, self.bypasses, self.blindness) = (table, bypasses, blindness)
    }
  }

  /// Sequence of the last event that was appended.
  package var appended: Int
  /// Events that the relay which is farthest behind has not sent; nil where no relay has been.
  package var unsent: Int?
  /// Whether `unsent` is where the count stopped.
  package var isMore: Bool
  /// Whether somebody holds the lease of each relay.
  package var isRelayed: Bool
  /// Nil where no audit is installed.
  package var watched: [Watched]?
  /// Tables that the sources use; nil without an analysis.
  package var known: [String]?

  package init(
    appended: Int, unsent: Int?, isMore: Bool = false, isRelayed: Bool, watched: [Watched]?,
    known: [String]? = nil
  ) {
    (self.appended, self.unsent, self.isMore) = (appended, unsent, isMore)
    (self.isRelayed, self.watched, self.known) = (isRelayed, watched, known)
  }
}

extension EventEvidence {
  /// Which events were sent, and of which tables every change has one. An event that was sent
  /// counts as extracted; so does a table all of whose changes have one.
  package var measure: ProgressMeasure {
    var events = ProgressCount("events", unknown: Double(appended))
    if let unsent {
      let waiting = Double(min(unsent, appended))
      events = ProgressCount("events", extracted: Double(appended) - waiting, underWay: waiting)
    }
    let more = isMore ? ", or more" : ""
    let waits = unsent.map { $0 > 0 ? "\($0) not sent yet\(more)" : "all sent" }
    var parts = [
      ProgressMeasure.Part(
        "outbox", waits ?? "no relay has been here", [events],
        note: isRelayed || unsent == nil ? "" : "nobody runs its relay")
    ]
    parts += (watched ?? []).map(part)
    if watched != nil {
      parts += unwatched.map {
        ProgressMeasure.Part($0, "not watched", [ProgressCount("tables", unknown: 1)])
      }
    }
    return ProgressMeasure(.events, parts, unknown: unknown, next: next)
  }

  /// Where there is no outbox to look at.
  package static func unread(_ why: String) -> ProgressMeasure {
    ProgressMeasure(
      .events, [],
      unknown: [.init("which changes have events: \(why)", how: "--config FILE with an outbox")],
      next: .init(
        "append events to an outbox", command: "strangler outbox init --database DATABASE"))
  }

  private func part(_ table: Watched) -> ProgressMeasure.Part {
    if let blindness = table.blindness {
      return ProgressMeasure.Part(
        table.table, "not seen", [ProgressCount("tables", unknown: 1)], note: blindness)
    }
    return table.bypasses == 0
      ? ProgressMeasure.Part(
        table.table, "every change has its event", [ProgressCount("tables", extracted: 1)])
      : ProgressMeasure.Part(
        table.table, "\(table.bypasses) changes without an event",
        [ProgressCount("tables", legacy: 1)])
  }

  private static func plain(_ table: String) -> String {
    (table.split(separator: ".").last.map(String.init) ?? table).lowercased()
  }

  private var unwatched: [String] {
    let seen = Set((watched ?? []).map { Self.plain($0.table) })
    return (known ?? []).filter { !seen.contains(Self.plain($0)) }
  }

  private var unknown: [ProgressMeasure.Unknown] {
    var unknown: [ProgressMeasure.Unknown] = []
    if watched == nil {
      unknown.append(
        .init(
          "changes without an event", how: "strangler outbox bypass install --table NAME"))
    } else if known == nil {
      unknown.append(
        .init("tables that nobody watches", how: "--sources PATH, or --analysis FILE"))
    }
    if unsent == nil, appended > 0 {
      unknown.append(.init("which events were sent", how: "strangler outbox relay"))
    }
    return unknown
  }

  private var next: ProgressMeasure.Step? {
    if watched?.contains(where: { $0.bypasses > 0 }) == true {
      return .init(
        "find who changes tables without an event", command: "strangler outbox bypass report")
    }
    if watched?.contains(where: { $0.blindness != nil }) == true {
      return .init("watch them again", command: "strangler outbox bypass install --table NAME")
    }
    if appended > 0, !isRelayed {
      return .init("run a relay: nobody does", command: "strangler outbox relay")
    }
    if watched == nil {
      return .init(
        "watch for changes without an event",
        command: "strangler outbox bypass install --table NAME")
    }
    if let table = unwatched.first {
      return .init(
        "watch \(table) too", command: "strangler outbox bypass install --table \(table)")
    }
    return nil
  }
}
