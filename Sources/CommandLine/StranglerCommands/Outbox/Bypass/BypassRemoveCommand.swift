// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct BypassRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Watch tables no more; with the last of them goes all that was found.",
    discussion: """
      EXAMPLES
        strangler outbox bypass remove --database shop.sqlite --table orders
        strangler outbox bypass remove --config strangler.yaml --dry-run

      EXIT CODES
        0  done
        2  a table that is not watched, or a database that cannot be used
      """)

  @OptionGroup var place: OutboxPlace

  @Option(
    name: .customLong("table"), help: "A table that is watched; all of them when not given.")
  var tables: [String] = []

  @Flag(name: .customLong("dry-run"), help: "Print the SQL and change nothing.")
  var isDryRun = false

  func run() async throws {
    let (tables, isDryRun) = (tables, isDryRun)
    let statements = try await place.reading { database in
      try await BypassAudit(database).remove(tables, isDryRun: isDryRun)
    }
    if isDryRun {
      return Terminal.standardOutput.write(
        OutboxInitCommand.script(
          statements, isPostgreSQL: OutboxPlace.isPostgreSQL(try place.text())))
    }
    Terminal.standardOutput.write(
      statements.isEmpty ? "Nothing is watched.\n" : "Done, \(statements.count) statements.\n")
  }
}
