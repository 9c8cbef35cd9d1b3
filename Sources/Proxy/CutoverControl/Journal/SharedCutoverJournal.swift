// SPDX-License-Identifier: Apache-2.0

/// A journal that several proxies share.
///
/// Each of them reads it, one carries the plans out. Which one is settled by a lease that the
/// journal keeps: it runs out unless it is renewed, by the clock of the journal's own machine.
/// What keeps two leaders from writing is not the lease's time but the place of an entry: it is
/// taken only behind the end that it was made for, and only while its lease is the last one given.
package protocol SharedCutoverJournal: CutoverJournal {
  /// What happened to the journal and to the way there; for one listener.
  var news: AsyncStream<JournalNews> { get }

  /// Appends an entry of the proxy that leads.
  ///
  /// - Throws: `CutoverJournalError`; with the code `notLeading` when the lease is another's.
  func append(_ entry: JournalEntry, holding lease: Int64) async throws

  /// Says where this proxy stands, takes or renews the lease if it can be had, and hears where the
  /// others stand. Once a second.
  ///
  /// - Throws: `CutoverJournalError`.
  func exchange(_ report: ReplicaReport) async throws -> ReplicaExchange

  /// This proxy ends: another one may lead at once.
  func leave(_ replica: String) async
}

/// What a shared journal tells by itself.
package enum JournalNews: Sendable, Equatable {
  /// Somebody appended.
  case appended
  /// It can be reached again; whatever happened before was not heard.
  case reachable
  case cutOff(reason: String)
}

/// Where one proxy stands.
package struct ReplicaReport: Sendable, Equatable, Codable {
  /// Of this process; another one gets another.
  package var id: String
  /// What people call it.
  package var name: String
  /// Where its admin API listens; nil without one.
  package var admin: String?
  /// The machine that it runs on; nil from a version of strangler that does not say.
  package var machine: String?
  /// Proxies that it has taken the place of (`ReplicaExchange.predecessors`): the journal forgets
  /// them, unless they are heard of again. nil for none.
  package var replaces: [String]?
  /// Sequence of the last entry that it made come true, and that entry's hash.
  package var sequence: UInt64
  package var head: String?
  /// Hash of the configuration that it runs.
  package var configurationHash: String
  /// It can read the journal, and may have the lease.
  package var mayLead = true
  /// What its watched routes did since its start, which only grows: whoever misses a report misses
  /// no request. Requests under way are those of this moment.
  package var counts: [String: RouteCounts] = [:]
  /// How it serves each of them: a hash that is the same where the same upstreams answer the same
  /// requests. nil from a version of strangler that does not say.
  package var services: [String: String]? = [:]
  /// What its shadows found since its start.
  package var compared: [String: CompareCounts] = [:]
  /// Version of what was ruled to be noise there, by route; nil from a version of strangler that
  /// does not say.
  package var rulings: [String: String]? = [:]

  package init(
    id: String, name: String, admin: String?, sequence: UInt64, head: String?,
    configurationHash: String
  ) {
    self.id = id
    self.name = name
    self.admin = admin
    self.sequence = sequence
    self.head = head
    self.configurationHash = configurationHash
  }
}

/// What all proxies told.
package struct ReplicaExchange: Sendable, Equatable {
  /// A proxy, as it was heard of last.
  package struct Replica: Sendable, Equatable {
    package let report: ReplicaReport
    /// Milliseconds since then.
    package let age: Int64

    package init(report: ReplicaReport, age: Int64) {
      self.report = report
      self.age = age
    }
  }

  /// `ReplicaReport.id` of the proxy that leads; nil when the last lease ran out.
  package let leader: String?
  /// Which lease is the last one: goes up by one each time another proxy takes it.
  package let lease: Int64
  /// Sequence of the journal's last entry.
  package let sequence: UInt64
  /// Hash of the entry that the report names as the last one of its proxy, as the journal has it;
  /// nil when it has none.
  package let reportedHead: String?
  /// All that were heard of within the last hour, this one included.
  package let replicas: [Replica]

  package init(
    leader: String?, lease: Int64, sequence: UInt64, reportedHead: String?, replicas: [Replica]
  ) {
    self.leader = leader
    self.lease = lease
    self.sequence = sequence
    self.reportedHead = reportedHead
    self.replicas = replicas
  }
}

extension ReplicaExchange {
  /// Processes in whose place the one has come that told the report, so that a proxy which was
  /// killed and started again does not stand among the others twice.
  ///
  /// It is called as they were and has the same admin address on the same machine, where no two can
  /// listen; they say nothing any more, and said their last before it came. A namesake on another
  /// machine, one that falls silent later, and one of whom that cannot be told stay.
  ///
  /// - Parameter present: milliseconds since it told its first report.
  package func predecessors(of report: ReplicaReport, present: Int64) -> [String] {
    guard let machine = report.machine, let admin = report.admin else { return [] }
    return replicas.filter { former in
      former.report.id != report.id && former.report.name == report.name
        && former.report.machine == machine && former.report.admin == admin
        && former.age > SharedCounts.patience && former.age >= present
    }.map(\.report.id)
  }

  /// Why the journal is not the one that somebody has seen; nil when it may be.
  ///
  /// An entry that was written is there for good. Where one is gone the database was restored to an
  /// older state, or another one answers: to go on from there would put routes where they stood
  /// then, with the evidence of then. Who lost an entry can tell it by its hash; who comes anew, by
  /// what the others have seen. Those are asked before the journal's end, so none is ahead of it by
  /// chance.
  ///
  /// - Parameter report: what this proxy told.
  package func loss(since report: ReplicaReport) -> CutoverJournalError? {
    let isKnown = report.sequence == 0 || reportedHead == report.head
    let ahead = replicas.first {
      $0.report.id != report.id && $0.age <= SharedCounts.patience && $0.report.sequence > sequence
    }
    let what: String
    if !isKnown {
      what =
        reportedHead == nil
        ? "it ends with entry \(sequence), and this proxy has seen entry \(report.sequence)"
        : "its entry \(report.sequence) is another one than this proxy has seen"
    } else if let ahead {
      what =
        "it ends with entry \(sequence), and the proxy \(ahead.report.name) has seen entry "
        + "\(ahead.report.sequence)"
    } else {
      return nil
    }
    return CutoverJournalError(
      .broken,
      "the journal went back: \(what). Its database was restored to an older state, or is another "
        + "one. Proxies that run keep their shares and raise nothing, and none starts, until the "
        + "entries are back. To go on from what it has, stop all proxies, and start them after "
        + "\(SharedCounts.patience / 1_000) seconds")
  }
}
