// SPDX-License-Identifier: Apache-2.0

/// What a process tells the rig: a line each, written before or after the thing itself, so that the
/// ledger knows it whatever happens to the process next.
package enum TortureRecord: Sendable, Equatable {
  package enum Outcome: String, Sendable, Codable {
    case committed, aborted
    /// The answer to COMMIT did not come.
    case unknown
  }

  /// The process is up.
  case ready
  /// A transaction is about to begin.
  case intent(transaction: String, events: [WriterTransaction.Event])
  /// It is over.
  case outcome(transaction: String, Outcome)
  /// An event that consumers fail at is about to be written.
  case poison(id: String)
  /// An operator sees a dead letter that failed so often.
  case letter(Sighting, attempts: Int64)
  /// An event is about to be sent; `at` is the machine's monotonic clock in nanoseconds.
  case sent(at: Int64, id: String, aggregate: String, version: Int64)
  /// The process owns the relay's lease.
  case owns(epoch: Int64)
  /// It kills itself now.
  case crashing(CrashPoint)
  /// Something to know about.
  case note(String)

  /// The line, without a line break.
  package var line: String {
    switch self {
    case .ready: "ready"
    case .intent(let transaction, let events):
      (["intent", transaction] + events.flatMap { [$0.id, $0.aggregate] }).joined(separator: "\t")
    case .outcome(let transaction, let outcome): "outcome\t\(transaction)\t\(outcome.rawValue)"
    case .sent(let at, let id, let aggregate, let version):
      "sent\t\(at)\t\(id)\t\(aggregate)\t\(version)"
    case .poison(let id): "poison\t\(id)"
    case .letter(let sighting, let attempts):
      "letter\t\(sighting.id)\t\(sighting.aggregate)\t\(sighting.version)\t\(attempts)"
    case .owns(let epoch): "owns\t\(epoch)"
    case .crashing(let point): "crashing\t\(point.rawValue)"
    case .note(let text):
      "note\t" + text.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined()
    }
  }

  /// Nil for a line that is none, such as one that was cut short.
  package init?(line: String) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    let rest = Array(fields.dropFirst())
    switch (fields[0], rest.count) {
    case ("ready", 0): self = .ready
    case ("intent", 1...) where rest.count % 2 == 1:
      let events = stride(from: 1, to: rest.count, by: 2).map {
        WriterTransaction.Event(id: rest[$0], aggregate: rest[$0 + 1])
      }
      self = .intent(transaction: rest[0], events: events)
    case ("outcome", 2):
      guard let outcome = Outcome(rawValue: rest[1]) else { return nil }
      self = .outcome(transaction: rest[0], outcome)
    case ("sent", 4):
      guard let at = Int64(rest[0]), let version = Int64(rest[3]) else { return nil }
      self = .sent(at: at, id: rest[1], aggregate: rest[2], version: version)
    case ("poison", 1): self = .poison(id: rest[0])
    case ("letter", 4):
      guard let version = Int64(rest[2]), let attempts = Int64(rest[3]) else { return nil }
      self = .letter(
        Sighting(id: rest[0], aggregate: rest[1], version: version), attempts: attempts)
    case ("owns", 1):
      guard let epoch = Int64(rest[0]) else { return nil }
      self = .owns(epoch: epoch)
    case ("crashing", 1):
      guard let point = CrashPoint(rawValue: rest[0]) else { return nil }
      self = .crashing(point)
    case ("note", 1): self = .note(rest[0])
    default: return nil
    }
  }
}

/// What the rig tells a process.
package enum TortureOrder: Sendable, Equatable {
  /// Kill yourself when you pass the point for the given time.
  case crash(CrashPoint, passage: Int)
  /// Write an event that consumers fail at.
  case poison
  /// Begin nothing more and end.
  case finish

  /// The line, without a line break.
  package var line: String {
    switch self {
    case .crash(let point, let passage): "crash\t\(point.rawValue)\t\(passage)"
    case .poison: "poison"
    case .finish: "finish"
    }
  }

  package init?(line: String) {
    let fields = line.split(separator: "\t").map(String.init)
    if fields == ["finish"] {
      self = .finish
    } else if fields == ["poison"] {
      self = .poison
    } else if fields.count == 3, fields[0] == "crash", let point = CrashPoint(rawValue: fields[1]),
      let passage = Int(fields[2])
    {
      self = .crash(point, passage: passage)
    } else {
      return nil
    }
  }
}

/// Who a process is and where it finds the others; the first line that it is given.
package struct TortureAssignment: Sendable, Equatable, Codable {
  package var settings: TortureSettings
  package var seat: Seat
  /// How often the process was started before.
  package var life: Int
  /// Folder of SQLite's files, or the address of the PostgreSQL.
  package var store: String
  /// Address of the broker; for consumers over HTTP where they listen.
  package var broker: String
  /// Where it kills itself when it comes by there first.
  package var crash: CrashPoint?

  package init(
    settings: TortureSettings, seat: Seat, life: Int, store: String, broker: String,
    crash: CrashPoint? = nil
  ) {
    self.settings = settings
    self.seat = seat
    self.life = life
    self.store = store
    self.broker = broker
    self.crash = crash
  }
}
