// SPDX-License-Identifier: Apache-2.0

/// What a run tortures, how much, and how often.
package struct TortureSettings: Sendable, Equatable, Codable {
  /// Where the outbox is.
  package enum Store: String, Sendable, Codable, CaseIterable {
    case sqlite, postgresql
  }

  /// What carries events from relays to consumers.
  package enum Broker: String, Sendable, Codable, CaseIterable {
    case inProcess = "in-process"
    case http, nats, rabbitmq

    /// Whether it is a server of its own, and stores what it has taken.
    package var isServer: Bool { self == .nats || self == .rabbitmq }
  }

  /// How a relay finds new events.
  package enum Rule: String, Sendable, Codable, CaseIterable {
    /// The product's own: what became visible between two snapshots; in SQLite the sequence.
    case snapshot
    /// Everything above the highest sequence that was seen.
    case naive
    /// Everything of transactions older than the oldest that runs, by transaction.
    case fence
  }

  /// Failed attempts after which an event is a dead letter of the consumer's inbox.
  package static let attempts = 3
  /// Attempts that ended with their process after which it is one.
  package static let crashes = 10

  /// Whether an event that is poison ends the processes that apply it: one in sixteen, by its id.
  package static func isDeadly(_ id: String) -> Bool { id.hasSuffix("0") }

  /// Deaths that may come on top: of processes killed while they made a dead letter of it, which
  /// nothing tells from those over the event.
  static let deathsOverLetters = 3

  /// How often an event that is poison has failed when it becomes a dead letter.
  package static func attemptsDue(_ id: String) -> ClosedRange<Int64> {
    let crashes = Int64(crashes)
    return isDeadly(id)
      ? crashes...crashes + Int64(deathsOverLetters) : Int64(attempts)...Int64(attempts)
  }

  /// Equal seeds give equal schedules.
  package var seed: UInt64
  package var store: Store
  package var broker: Broker
  package var rule: Rule
  /// How many processes die by SIGKILL, those of servers included.
  package var kills: Int
  /// Milliseconds over which strikes are spread.
  package var duration: Int64
  /// Processes that write.
  package var writers = 2
  /// Transactions that each of them runs at the same time.
  package var lanes = 4
  /// Aggregates that all of them share.
  package var aggregates = 24
  /// How long a relay's lease lasts, milliseconds.
  package var lease: Int64 = 400
  /// How long nothing may change at the end before what is missing counts as missing,
  /// milliseconds.
  package var patience: Int64 = 8_000

  package init(
    seed: UInt64, store: Store, broker: Broker, rule: Rule = .snapshot, kills: Int = 60,
    duration: Int64? = nil
  ) {
    self.seed = seed
    self.store = store
    self.broker = broker
    self.rule = rule
    self.kills = kills
    self.duration = duration ?? max(5_000, Int64(kills) * 150)
  }

  /// Why these cannot be run together; nil when they can.
  package var contradiction: String? {
    if store == .sqlite, rule != .snapshot {
      return """
        the rule \(rule.rawValue) loses or mixes up events where several transactions write at \
        once; SQLite has one writer: use --store postgresql
        """
    }
    return nil
  }

  /// The processes that a run keeps alive.
  package var seats: [Seat] {
    let counts: [(TortureRole, Int)] =
      switch broker {
      case .inProcess: [(.writer, writers), (.node, 2)]
      case .nats, .rabbitmq: [(.writer, writers), (.relay, 2), (.consumer, 2)]
      case .http: [(.writer, writers), (.relay, 2), (.consumer, 1)]
      }
    return counts.flatMap { role, count in (0..<count).map { Seat(role: role, index: $0) } }
  }
}

/// What a process of a run does.
package enum TortureRole: String, Sendable, Codable, CaseIterable {
  /// Changes data and appends events.
  case writer
  /// Sends events to the broker.
  case relay
  /// Applies events.
  case consumer
  /// Relay, broker and consumer in one process.
  case node
  /// Sees to the cause of dead letters and replays them; lives as long as that takes.
  case `operator`
}

/// The place of one process, which lives there again and again.
package struct Seat: Sendable, Hashable, Codable, CustomStringConvertible {
  package var role: TortureRole
  package var index: Int

  package init(role: TortureRole, index: Int) {
    self.role = role
    self.index = index
  }

  /// `relay-0`.
  package var description: String { "\(role.rawValue)-\(index)" }
}
