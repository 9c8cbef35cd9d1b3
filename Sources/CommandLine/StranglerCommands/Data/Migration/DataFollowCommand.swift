// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores

struct DataFollowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow",
    abstract: "Carry changes over to the side that follows, for as long as it runs.",
    discussion: """
      Which side that is, it asks the migration's state, and goes on in the other direction when
      that changes. It may be killed at any moment, and run twice: what was not carried over is
      noted, and what is carried over twice changes nothing.

      A change whose row has nothing to become on the other side, or that its store does not take,
      waits and is tried again, soon at first and then every ten seconds; all others go on. One that
      is refused again and again is shown: at first, a row of another table may not have come yet.

      Ends when it is interrupted or, with --until-empty, with 0 when nothing waits any more and
      with 1 when what waits was refused or a change of sides is under way; with 2 when the file, a
      mapping or a store cannot be used.

      EXAMPLES
        strangler data follow --config strangler.yaml
        strangler data follow --config strangler.yaml --mapping orders --until-empty
      """)

  /// Time between two looks at a side on which nothing happens.
  private static let interval = Duration.milliseconds(100)
  /// Time after which the state is looked at again.
  private static let looksAgain = Duration.seconds(2)
  /// Time after which what was refused is tried again, from the first to the last.
  private static let triesAgain = (
    first: Duration.milliseconds(200), last: Duration.seconds(10)
  )

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit

  @Flag(name: .customLong("until-empty"), help: "End when nothing waits any more.")
  var untilEmpty = false

  func run() async throws {
    let line = ProgressLine(quiet: limit.quiet)
    let untilEmpty = untilEmpty
    let left = try await Migrating.open(configuration.file, mapping, limit, line) { all in
      try await withThrowingTaskGroup(of: [String].self) { group in
        for migrating in all {
          group.addTask { try await Self.follow(migrating, untilEmpty: untilEmpty, line) }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    }
    guard left.isEmpty else {
      throw CommandFailure(
        message: "changes could not be carried over", details: left,
        exitCode: CommandFailure.negativeAnswer)
    }
  }

  /// - Returns: why changes were refused, once nothing else waits.
  private static func follow(
    _ migrating: Migrating, untilEmpty: Bool, _ line: ProgressLine
  ) async throws -> [String] {
    let clock = ContinuousClock()
    var carried = 0
    var refusals = Refusals(at: clock.now)
    while true {
      let migration = try await migrating.run.migration()
      try refuseOtherMapping(migrating, migration)
      let until = clock.now + looksAgain
      guard let carrier = migrating.run.carrier(migration) else {
        if untilEmpty { return migration.isSettled ? [] : [underWay(migrating)] }
        try await Task.sleep(for: looksAgain)
        continue
      }
      do {
        while clock.now < until {
          if refusals.isDue(at: clock.now) { try await carrier.retry() }
          let batch = try await carrier.batch()
          carried += batch.written + batch.deleted
          line.update("\(migrating.name): \(carried) rows carried over")
          if refusals.takes(batch.refused, at: clock.now) {
            let reasons = try await migrating.run.waiting(migration).refused
            for reason in refusals.unshown(reasons) {
              Terminal.standardError.write("\(migrating.name): refused: \(reason)\n")
            }
          }
          if batch.read > 0 || batch.isOvertaken { continue }
          if untilEmpty {
            Terminal.standardOutput.write("\(migrating.name): \(carried) rows carried over\n")
            return try await migrating.run.waiting(migration).refused
          }
          try await Task.sleep(for: interval)
        }
      } catch let failure as StoreFailure {
        // What somebody who changes sides was in the way of is looked at again.
        let isMoved = try await migrating.run.migration() != migration
        guard isMoved || [.fenced, .locked].contains(failure.code) else { throw failure }
        try await Task.sleep(for: interval)
      }
    }
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

  private static func underWay(_ migrating: Migrating) -> String {
    "\(migrating.name): a change of sides is under way; strangler data advance or retreat ends it"
  }

  private static func refuseOtherMapping(_ migrating: Migrating, _ migration: Migration) throws {
    guard
      migration.fingerprint.isEmpty
        || migration.fingerprint == migrating.run.statements.fingerprint
    else {
      throw CommandFailure.unusable(
        "\(migrating.name): the mapping changed since its data began to move; take the change "
          + "back, or retreat to \(MigrationState.legacyPrimary.rawValue) first")
    }
  }
}
