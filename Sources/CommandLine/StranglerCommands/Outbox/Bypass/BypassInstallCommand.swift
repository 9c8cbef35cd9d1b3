// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct BypassInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Watch tables: make triggers that note each change.",
    discussion: """
      All or nothing, and nothing where they are watched already: run it with each deployment. What
      --dry-run prints is all or nothing as well, for psql or sqlite3. In PostgreSQL it takes the
      owner of the tables and of the outbox, and waits 5 s for their locks.

      EXAMPLES
        strangler outbox bypass install --database shop.sqlite --table orders
        strangler outbox bypass install --config strangler.yaml --table sales.orders --dry-run

      EXIT CODES
        0  done
        2  no such table, or a database that cannot be used
      """)

  @OptionGroup var place: OutboxPlace

  @Option(
    name: .customLong("table"),
    help: "A table to watch, such as orders or sales.orders; more than once for more.")
  var tables: [String]

  @Flag(name: .customLong("dry-run"), help: "Print the SQL and change nothing.")
  var isDryRun = false

  func run() async throws {
    let (tables, isDryRun) = (tables, isDryRun)
    let statements = try await place.reading { database in
      try await BypassAudit(database).install(
        tables, now: UnixTime.milliseconds(), isDryRun: isDryRun)
    }
    if isDryRun {
      return Terminal.standardOutput.write(
        OutboxInitCommand.script(
          statements, isPostgreSQL: OutboxPlace.isPostgreSQL(try place.text())))
    }
    Terminal.standardOutput.write(
      statements.isEmpty
        ? "They are watched already.\n" : "Done, \(statements.count) statements.\n")
  }
}
