// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import Foundation
internal import GRDB
internal import MessageStorePostgreSQL
internal import MessageStoreSQLite
internal import RoutingDecisions
internal import TransactionalMessaging

/// The `--database` option: where an outbox is.
struct OutboxPlace: ParsableArguments {
  /// How long SQLite waits for another process that writes.
  private static let busyTimeout = 5.0

  @Option(
    name: .customLong("database"),
    help: "The outbox's database: a file of SQLite, or a postgresql:// address.")
  var database: String?

  @Option(
    name: .customLong("config"), help: "Configuration file whose outbox section names the database."
  )
  var file: String?

  init() {}

  /// One database.
  init(database: String) { (self.database, file) = (database, nil) }

  func validate() throws {
    guard (database == nil) != (file == nil) else {
      throw ValidationError("name a database, with either --database or --config")
    }
  }

  /// The file or address.
  func text() throws -> String {
    if let database { return database }
    return try Self.settings(file ?? "").database
  }

  /// The outbox section of a configuration.
  static func settings(_ file: String) throws -> OutboxSettings {
    let (settings, diagnostics) = ConfigurationFile.outbox(file)
    guard let settings, !diagnostics.contains(where: { $0.severity == .error }) else {
      throw CommandFailure.unusable(
        "the configuration cannot be used", details: diagnostics.map(\.description))
    }
    return settings
  }

  static func isPostgreSQL(_ text: String) -> Bool {
    ["postgresql://", "postgres://"].contains { text.hasPrefix($0) }
  }

  /// Carries out what operators ask and do; what the database refuses ends the command.
  func operating<Value>(_ body: (OutboxOperator) async throws -> Value) async throws -> Value {
    try await reading { try await body(OutboxOperator($0)) }
  }

  /// Works with the database as its operators see it; what it refuses ends the command.
  func reading<Value>(_ body: (any OperatorDatabase) async throws -> Value) async throws -> Value {
    let text = try text()
    return try await Self.reporting {
      guard Self.isPostgreSQL(text) else {
        return try await body(SQLiteOperatorDatabase(try Self.existing(text)))
      }
      #if PostgreSQL
        let database = try PostgreSQLDatabase(text, configuration: .operators)
        defer { database.close() }
        return try await body(PostgreSQLOperatorDatabase(database))
      #else
        throw Self.missingTrait
      #endif
    }
  }

  /// A file of SQLite that is there; others may read and write it meanwhile.
  static func existing(_ path: String) throws -> DatabaseQueue {
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure.unusable("there is no file \(path)")
    }
    return try open(path)
  }

  static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeout)
    return try DatabaseQueue(path: path, configuration: configuration)
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
