// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// A transaction of a writer: rows of data with an event each.
package struct WriterTransaction: Sendable, Equatable {
  package struct Event: Sendable, Equatable, Hashable {
    /// Lower-case UUID.
    package var id: String
    package var aggregate: String

    package init(id: String, aggregate: String) {
      self.id = id
      self.aggregate = aggregate
    }
  }

  /// Unique within a run.
  package var name: String
  /// By aggregate, so that two transactions never wait for each other.
  package var events: [Event]
  /// Milliseconds between the data and the events: the transaction has its number by then.
  package var pauseBeforeAppend: Int64
  /// Milliseconds between the events and the commit: the events have their sequences by then.
  package var pauseBeforeCommit: Int64
  /// Undone at its end.
  package var aborts: Bool
  /// The events travel with COMMIT: half of those that need no numbers before.
  package var appendsAtCommit: Bool { pauseBeforeCommit == 0 && rest.isMultiple(of: 2) }
  /// Milliseconds until the next one begins.
  package var rest: Int64
  /// Id of the event that consumers fail at; nil for none.
  package var poison: String?

  /// The same with an event that consumers fail at; nil where nothing of it would be there.
  package func poisoned() -> WriterTransaction? {
    guard !aborts, let first = events.first else { return nil }
    var poisoned = self
    poisoned.poison = first.id
    return poisoned
  }
}

/// Slows writers down while consumers are far behind, so that a run on a slow machine tortures
/// deliveries, not the queue that builds up before them.
package enum WriterBrake {
  /// Events without effect from which on writers are slow: far below what an inbox parks.
  package static let undone: Int64 = 3_000
  /// Milliseconds between two transactions of a lane then. Something goes on, since strikes wait
  /// for writers to come by their points.
  package static let slow: Int64 = 1_000

  /// Milliseconds to rest after a transaction, of which the plan has so many.
  package static func rest(_ planned: Int64, undone: Int64) -> Int64 {
    undone < Self.undone ? planned : max(planned, slow)
  }
}

/// What one lane of a writer does during one life, for ever; it follows from the arguments alone.
package struct WriterPlan: Sendable, Sequence, IteratorProtocol {
  private let prefix: String
  private let aggregates: Int
  /// In SQLite nobody else writes while a transaction pauses.
  private let pauses: (short: ClosedRange<Int64>, long: ClosedRange<Int64>)
  private var random: SeededGenerator
  private var number = 0

  /// - Parameters:
  ///   - life: how often the process was started before.
  ///   - lane: one of its transactions at a time.
  package init(_ settings: TortureSettings, writer: Int, life: Int, lane: Int) {
    prefix = "\(writer).\(life).\(lane)"
    aggregates = settings.aggregates
    pauses = settings.store == .sqlite ? (2...8, 20...60) : (4...40, 150...700)
    var mixed = SeededGenerator(seed: settings.seed &+ 1)
    for part in [writer, life, lane] {
      mixed = SeededGenerator(seed: mixed.next() ^ UInt64(truncatingIfNeeded: part))
    }
    random = mixed
  }

  package mutating func next() -> WriterTransaction? {
    number += 1
    let count = Int.random(in: 1...3, using: &random)
    let events = (0..<count).map { _ in
      WriterTransaction.Event(
        id: uuid(), aggregate: "a\(Int.random(in: 0..<aggregates, using: &random))")
    }
    var transaction = WriterTransaction(
      name: "\(prefix).\(number)", events: events.sorted { $0.aggregate < $1.aggregate },
      pauseBeforeAppend: 0, pauseBeforeCommit: 0, aborts: false,
      rest: Int64.random(in: 4...24, using: &random))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<12: transaction.aborts = true
    case 12..<22:
      transaction.pauseBeforeAppend = Int64.random(in: pauses.short, using: &random)
    case 22..<32:
      transaction.pauseBeforeCommit = Int64.random(in: pauses.short, using: &random)
    case 32..<34:
      // Idle in transaction: it holds a number and nobody's lock.
      transaction.pauseBeforeAppend = Int64.random(in: pauses.long, using: &random)
    case 34..<37:
      // So long that relays look meanwhile, whatever else the machine does.
      transaction.pauseBeforeCommit = Int64.random(in: pauses.long, using: &random)
    default: break
    }
    return transaction
  }

  private mutating func uuid() -> String {
    let digits = Self.hexadecimal(random.next()) + Self.hexadecimal(random.next())
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map { start, end in
      String(Array(digits)[start..<end])
    }
    return parts.joined(separator: "-")
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
