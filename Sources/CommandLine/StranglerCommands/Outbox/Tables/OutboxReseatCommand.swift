// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import MessageStorePostgreSQL
internal import TransactionalMessaging

struct OutboxReseatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reseat",
    abstract: "Give tables to the database that they are in now, after a restore or a copy.",
    discussion: """
      A relay refuses tables that were made in another database: their transaction numbers mean
      nothing here, and a copy must not send to the broker what the original sends. Make sure that
      the broker and its consumers are the right ones; then every relay begins anew, and publishes
      what the outbox still holds once more. Consumers know an event that they have applied. Who did
      it and why is kept, for strangler outbox history.

      EXAMPLES
        strangler outbox reseat --database postgresql://shop@db.internal/shop \\
          --reason 'restored from the backup of 04:00' --yes
        strangler outbox reseat --database postgresql://shop@db.internal/shop --after 120000 \\
          --reason 'moved to the new server, relay stopped at 120000' --yes
      """)

  @OptionGroup var place: OutboxPlace

  @Option(help: "Sequence up to which every event is known to be published.")
  var after: Int64 = 0

  @Option(help: "Why; it is kept.")
  var reason: String

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  @Flag(help: "Also where the tables belong to this database: everything is published once more.")
  var force = false

  @Flag(help: "Do it; without this nothing is changed.")
  var yes = false

  func validate() throws {
    guard !reason.isEmpty else { throw ValidationError("--reason: missing; it is kept") }
    try LetterOrderOptions.checkLengths(reason: reason, actor: actor)
  }

  func run() async throws {
    let text = try place.text()
    guard OutboxPlace.isPostgreSQL(text) else {
      throw CommandFailure.unusable("a file of SQLite needs no reseat: its sequences move along")
    }
    guard yes else {
      throw CommandFailure.negative(
        "every relay of this outbox will begin anew: give --yes when its broker is the right one")
    }
    let count = try await OutboxPlace.reporting { try await reseat(text) }
    Terminal.standardOutput.write("Done: \(count) events will be published.\n")
  }

  private func reseat(_ text: String) async throws -> Int64 {
    #if PostgreSQL
      let database = try PostgreSQLDatabase(text, configuration: .operators)
      defer { database.close() }
      return try await PostgreSQLReseat.run(
        in: database, after: after, by: actor ?? ProcessInfo.processInfo.userName,
        because: reason, isForced: force)
    #else
      throw OutboxPlace.missingTrait
    #endif
  }
}
