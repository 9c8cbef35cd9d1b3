// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores

/// Carries the changes of a mapping over for as long as somebody wants it.
struct ChangeFollower {
  /// Time between two looks at a side on which nothing happens.
  private static let interval = Duration.milliseconds(100)
  /// Time after which the state is looked at again.
  private static let looksAgain = Duration.seconds(2)
  /// Time after which what was refused is tried again, from the first to the last.
  private static let triesAgain = (
    first: Duration.milliseconds(200), last: Duration.seconds(10)
  )

  private let migrating: Migrating
  private let untilEmpty: Bool
  private let line: ProgressLine
  private let clock = ContinuousClock()
  private var carried = 0
  private var refusals = Refusals(at: .now)
  /// What is waited next for a store that is away; nil while none is.
  private var outage: Duration?
  /// Tables without their triggers, of which it was said so.
  private var unguarded: [String] = []

  init(_ migrating: Migrating, untilEmpty: Bool, _ line: ProgressLine) {
    (self.migrating, self.untilEmpty, self.line) = (migrating, untilEmpty, line)
  }

  private var name: String { migrating.name }

  /// - Returns: why changes were refused, once nothing else waits.
  mutating func follow() async throws -> [String] {
    while true {
      do {
        if let left = try await carry() { return left }
      } catch let failure as StoreFailure
        where !untilEmpty && [.unreachable, .timedOut].contains(failure.code)
      {
        let wait = outage ?? Self.triesAgain.first
        if outage == nil { say("\(failure); trying again until it is back") }
        outage = min(wait * 2, Self.triesAgain.last)
        try await Task.sleep(for: wait)
      }
    }
  }

  private func say(_ text: String) {
    line.clear()
    Terminal.standardError.write("\(name): \(text)\n")
  }

  /// Looks at the state, and carries over until it is time to look again.
  private mutating func carry() async throws -> [String]? {
    let migration = try await migrating.run.migration()
    try refuseOtherMapping(migration)
    let until = clock.now + Self.looksAgain
    let tables = try await migrating.run.unguarded()
    if tables != unguarded, !tables.isEmpty { say(MigrationGate.unguarded(tables)) }
    unguarded = tables
    guard let carrier = try migrating.run.carrier(migration) else {
      back()
      if untilEmpty { return migration.isSettled ? [] : [underWay] }
      try await Task.sleep(for: Self.looksAgain)
      return nil
    }
    do {
      while clock.now < until {
        if refusals.isDue(at: clock.now) { try await carrier.retry() }
        let batch = try await carrier.batch()
        back()
        carried += batch.written + batch.deleted
        line.update("\(name): \(carried) rows carried over")
        if refusals.takes(batch.refused, at: clock.now) {
          let reasons = try await migrating.run.waiting(migration).refused
          for reason in refusals.unshown(reasons) { say("refused: \(reason)") }
        }
        if batch.read > 0 || batch.isOvertaken { continue }
        if untilEmpty {
          Terminal.standardOutput.write("\(name): \(carried) rows carried over\n")
          return try await migrating.run.waiting(migration).refused
        }
        try await Task.sleep(for: Self.interval)
      }
    } catch let failure as StoreFailure {
      // What somebody who changes sides was in the way of is looked at again.
      let isMoved = try await migrating.run.migration() != migration
      guard isMoved || [.fenced, .locked].contains(failure.code) else { throw failure }
      try await Task.sleep(for: Self.interval)
    }
    return nil
  }

  /// Both stores answered.
  private mutating func back() {
    if outage != nil { say("both stores are back") }
    outage = nil
  }

  /// When what was refused is tried again, and when it is shown.
  private struct Refusals {
    /// Times that it is tried before it is shown: a row of another table may come first.
    private static let patience = 3

    private var shown: Set<String> = []
    private var next: ContinuousClock.Instant
    private var wait = triesAgain.first
    private var tries = 0
    private var isRetry = false

    init(at now: ContinuousClock.Instant) { next = now }

    /// Whether it is time to try again; each time waits longer for the next.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
      guard now >= next else { return false }
      next = now + wait
      wait = min(wait * 2, triesAgain.last)
      tries += 1
      isRetry = true
      return true
    }

    /// Whether refusals of a batch are worth a look. New ones are tried again soon.
    mutating func takes(_ count: Int, at now: ContinuousClock.Instant) -> Bool {
      defer { isRetry = false }
      if count == 0 { return false }
      if isRetry { return tries >= Self.patience }
      wait = triesAgain.first
      next = min(next, now + wait)
      tries = 0
      return false
    }

    /// Those of them that were not shown yet.
    mutating func unshown(_ reasons: [String]) -> [String] {
      reasons.filter { shown.insert($0).inserted }
    }
  }

  private var underWay: String {
    "\(name): a change of sides is under way; strangler data advance or retreat ends it"
  }

  private func refuseOtherMapping(_ migration: Migration) throws {
    guard
      migration.fingerprint.isEmpty
        || migration.fingerprint == migrating.run.statements.fingerprint
    else { throw CommandFailure.unusable("\(name): \(MigrationGate.changed)") }
  }
}
