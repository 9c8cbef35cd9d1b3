// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import GRDB
internal import MessageStorePostgreSQL
internal import MessageStoreSQLite
internal import TransactionalMessaging

struct OutboxPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Give up old events that every relay has passed, and ids that inboxes remember.",
    discussion: """
      In PostgreSQL whole partitions are dropped, in SQLite rows are deleted, few at a time, and so
      are those in PostgreSQL for which nobody had made a partition. An
      event that a relay has not passed yet, or has parked, stays, and so does everything while
      there is no relay. Consumers know duplicates by their versions all the same. A relay with a
      new name begins with what is left.

      EXAMPLES
        strangler outbox prune --database postgresql://shop@db.internal/shop --keep-days 7 --dry-run
        strangler outbox prune --config strangler.yaml --keep-days 30
      """)

  /// Rows that SQLite deletes in one transaction.
  private static let rowsAtOnce = 1_000
  private static let millisecondsPerDay: Int64 = 86_400_000

  @OptionGroup var place: OutboxPlace

  @Option(name: .customLong("keep-days"), help: "Days whose events stay, 0 to 3650.")
  var keepDays: Int

  @Flag(name: .customLong("dry-run"), help: "Say what would go, in PostgreSQL, and change nothing.")
  var isDryRun = false

  func validate() throws {
    guard (0...3_650).contains(keepDays) else {
      throw ValidationError("--keep-days: expected 0 to 3650")
    }
  }

  func run() async throws {
    let text = try place.text()
    let before = UnixTime.milliseconds() - Int64(keepDays) * Self.millisecondsPerDay
    let lines = try await OutboxPlace.reporting {
      try await OutboxPlace.isPostgreSQL(text)
        ? postgreSQL(text, before) : sqlite(text, before)
    }
    Terminal.standardOutput.write(lines.map { $0 + "\n" }.joined())
  }

  private func postgreSQL(_ text: String, _ before: Int64) async throws -> [String] {
    #if PostgreSQL
      let database = try PostgreSQLDatabase(text, configuration: .operators)
      defer { database.close() }
      let outcome = try await PostgreSQLOutboxPruning.run(
        in: database, before: before, isDryRun: isDryRun)
      var lines = outcome.dropped.map { isDryRun ? "would drop \($0)" : "dropped \($0)" }
      lines += outcome.needed.map { "kept \($0): a relay needs it, or there is none" }
      if outcome.strays > 0 {
        lines.append(
          "\(isDryRun ? "would delete" : "deleted") \(outcome.strays) rows of outbox_default")
      }
      if isDryRun { return lines }
      let report = try await OutboxOperator(PostgreSQLOperatorDatabase(database)).report(
        now: before)
      for consumer in report.consumers {
        let count = try await forget(PostgreSQLInbox(consumer: consumer.name), before, database)
        lines.append("consumer \(consumer.name): forgot \(count) ids")
      }
      return lines
    #else
      throw OutboxPlace.missingTrait
    #endif
  }

  #if PostgreSQL
    /// Few at a time, each a transaction: consumers write meanwhile.
    private func forget(
      _ inbox: PostgreSQLInbox, _ before: Int64, _ database: PostgreSQLDatabase
    ) async throws -> Int {
      var forgotten = 0
      while true {
        let count = try await database.transaction {
          try await inbox.prune(seenBefore: before, in: $0)
        }
        forgotten += count
        if count < PostgreSQLInbox.pruningLimit { return forgotten }
      }
    }
  #endif

  private func sqlite(_ path: String, _ before: Int64) async throws -> [String] {
    guard !isDryRun else {
      throw CommandFailure.unusable("--dry-run: a file of SQLite has no partitions to list")
    }
    let database = try OutboxPlace.existing(path)
    let report = try await OutboxOperator(SQLiteOperatorDatabase(database)).report(now: before)
    let store = SQLiteRelayStore(database)
    var deleted = 0
    while true {
      let count = try await store.prune(occurredBefore: before, limit: Self.rowsAtOnce)
      deleted += count
      if count < Self.rowsAtOnce { break }
    }
    var lines = ["deleted \(deleted) events"]
    for consumer in report.consumers {
      let count = try await database.write {
        try SQLiteInbox(consumer: consumer.name).prune(seenBefore: before, in: $0)
      }
      lines.append("consumer \(consumer.name): forgot \(count) ids")
    }
    return lines
  }
}
