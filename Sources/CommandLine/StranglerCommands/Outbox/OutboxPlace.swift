// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import GRDB
internal import MessageStorePostgreSQL
internal import TransactionalMessaging

/// The `--database` option: where an outbox is.
struct OutboxPlace: ParsableArguments {
  @Option(
    name: .customLong("database"),
    help: "The outbox's database: a file of SQLite, or a postgresql:// address.")
  var text: String

  var isPostgreSQL: Bool {
    ["postgresql://", "postgres://"].contains { text.hasPrefix($0) }
  }

  /// Carries out what concerns the database; what it refuses ends the command with a sentence.
  static func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as MessageStoreError {
      throw CommandFailure.unusable(error.description)
    } catch let error as DatabaseError {
      throw CommandFailure.unusable("the database cannot be used: \(error)")
    }
  }

  static var missingTrait: MessageStoreError {
    MessageStoreError(
      .unsupported,
      "this build has no PostgreSQL: build strangler with \"swift build --traits PostgreSQL\"")
  }
}
