// SPDX-License-Identifier: Apache-2.0

/// A moment in the life of an event at which a process kills itself when it is told to.
package enum CrashPoint: String, Sendable, Codable, CaseIterable {
  /// The data is written, the event is not.
  case beforeAppend
  /// Data and event are written and not committed.
  case beforeCommit
  /// Committed, and nobody was told.
  case committed
  /// The lease was taken, nothing was read.
  case leaseTaken
  /// A page was read, nothing of it was sent.
  case pageRead
  /// Some of a page is sent, some is not.
  case midPublish
  /// Sent, and the broker's answer has not come.
  case sentUnanswered
  /// The broker has all of the page, the cursor is not saved.
  case acknowledgedUnsaved
  /// The cursor is saved, nothing else was done.
  case saved
  /// A consumer has the event, its transaction has not begun.
  case delivered
  /// Effects are written and not committed.
  case effectsUncommitted
  /// Effects are committed, the broker was not told.
  case committedUnacknowledged
  /// Effects of a dead letter that was replayed are written and not committed.
  case letterUncommitted
  /// An operator's replay of dead letters is on its way through the database.
  case replaying
  /// The replay is committed, nobody was told.
  case replayed

  /// Points that a process of this role passes.
  package static func points(of role: TortureRole) -> [CrashPoint] {
    let relay: [CrashPoint] = [
      .leaseTaken, .pageRead, .midPublish, .sentUnanswered, .acknowledgedUnsaved, .saved,
    ]
    let consumer: [CrashPoint] = [
      .delivered, .effectsUncommitted, .committedUnacknowledged, .letterUncommitted,
    ]
    return switch role {
    case .writer: [.beforeAppend, .beforeCommit, .committed]
    case .relay: relay
    case .consumer: consumer
    case .node: relay + consumer
    case .operator: [.replaying, .replayed]
    }
  }
}

/// One thing that is done to a running system.
package struct Strike: Sendable, Equatable, Codable {
  package enum Action: Sendable, Hashable, Codable {
    /// The process kills itself when it passes the point for the given time.
    case crash(TortureRole, CrashPoint, passage: Int)
    /// SIGKILL from outside, wherever the process is.
    case kill(TortureRole)
    /// SIGSTOP, and SIGCONT after so many milliseconds.
    case stop(TortureRole, milliseconds: Int64)
    /// The next COMMIT of a process of the role reaches the database, its reply does not come back.
    case cutReply(TortureRole)
    /// Processes of the role lose their connections to the broker, and get no new ones for so many
    /// milliseconds.
    case partition(TortureRole, milliseconds: Int64)
    /// SIGKILL for the database's server, which is then started again.
    case killDatabase
    /// SIGKILL for the broker's server, which is then started again.
    case killBroker
    /// An event is written that consumers fail at until an operator has seen it as a dead letter.
    case poison
  }

  /// Milliseconds since the run's beginning.
  package var at: Int64
  /// Which of the role's processes; for relays the one that owns the lease is meant, whichever it
  /// is by then.
  package var index: Int
  package var action: Action

  package init(at: Int64, index: Int, action: Action) {
    self.at = at
    self.index = index
    self.action = action
  }
}

extension Strike.Action {
  /// Whether a process dies.
  package var isKill: Bool {
    switch self {
    case .crash, .kill, .killDatabase, .killBroker: true
    case .stop, .cutReply, .partition, .poison: false
    }
  }

  /// Whether a process dies that applies events.
  package var killsConsumer: Bool {
    switch self {
    case .crash(let role, _, _), .kill(let role): role == .consumer || role == .node
    case .killDatabase, .killBroker, .stop, .cutReply, .partition, .poison: false
    }
  }

  /// What is done, without what differs from one to the next; counts are kept by it.
  package var name: String {
    switch self {
    case .crash(_, let point, _): point.rawValue
    case .kill(let role): "kill \(role.rawValue)"
    case .stop(let role, _): "stop \(role.rawValue)"
    case .cutReply(let role): "cut reply to \(role.rawValue)"
    case .partition(let role, _): "cut \(role.rawValue) from broker"
    case .killDatabase: "kill database"
    case .killBroker: "kill broker"
    case .poison: "poison"
    }
  }

  /// What strikes of one line follow each other, each when the one before is done.
  package var line: String {
    switch self {
    // What has to do with dead letters waits for them, and nothing else for that.
    case .poison, .crash(.operator, _, _), .crash(_, .letterUncommitted, _): "dead letters"
    case .crash(let role, _, _), .kill(let role), .stop(let role, _): role.rawValue
    case .cutReply(let role): "replies to \(role.rawValue)"
    case .partition(let role, _): "\(role.rawValue) from broker"
    case .killDatabase: "database"
    case .killBroker: "broker"
    }
  }
}
