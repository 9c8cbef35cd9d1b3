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
      waits, is shown, and is tried again every ten seconds; all others go on.

      Ends when it is interrupted or, with --until-empty, with 0 when nothing waits any more and
      with 1 when what waits was refused or a change of sides is under way; with 2 when the file, a
      mapping or a store cannot be used.

      EXAMPLES
        strangler data follow --config strangler.yaml
        strangler data follow --config strangler.yaml --mapping orders --until-empty
      """)

  /// Time between two looks at a side on which nothing happens.
  private static let interval = Duration.milliseconds(100)
  /// Time after which the state is looked at again, and what was refused is tried again.
  private static let looksAgain = (state: Duration.seconds(2), refused: Duration.seconds(10))

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
    var (carried, shown): (Int, Set<String>) = (0, [])
    var nextRetry = clock.now
    while true {
      let migration = try await migrating.run.migration()
      try refuseOtherMapping(migrating, migration)
      let until = clock.now + looksAgain.state
      guard let carrier = migrating.run.carrier(migration) else {
        if untilEmpty { return migration.isSettled ? [] : [underWay(migrating)] }
        try await Task.sleep(for: looksAgain.state)
        continue
      }
      do {
        if clock.now >= nextRetry {
          try await carrier.retry()
          nextRetry = clock.now + looksAgain.refused
        }
        while clock.now < until {
          let batch = try await carrier.batch()
          carried += batch.written + batch.deleted
          line.update("\(migrating.name): \(carried) rows carried over")
          if batch.refused > 0 {
            for reason in try await migrating.run.waiting(migration).refused
            where shown.insert(reason).inserted {
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
