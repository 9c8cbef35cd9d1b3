// SPDX-License-Identifier: Apache-2.0

import Foundation
package import GRDB
package import TransactionalMessaging

/// A file of SQLite with the tables of outbox, relay and inbox, as its operators see it.
package struct SQLiteOperatorDatabase: OperatorDatabase {
  private let writer: any DatabaseWriter

  package init(_ writer: any DatabaseWriter) { self.writer = writer }

  package var dialect: OperatorDialect { .sqlite }

  package func run(
    _ statements: [BoundStatement], changes: Bool
  ) async throws -> [[OperatorRow]] {
    if changes { return try await writer.write { try Self.run(statements, in: $0) } }
    return try await writer.read { try Self.run(statements, in: $0) }
  }

  private static func run(
    _ statements: [BoundStatement], in db: Database
  ) throws -> [[OperatorRow]] {
    try checkTables(db)
    return try statements.map { bound in
      var values: [String: (any DatabaseValueConvertible)?] = [:]
      for name in bound.statement.names { values[name] = value(bound.values[name] ?? .null) }
      return try Row.fetchAll(
        db, sql: bound.statement.text, arguments: StatementArguments(values)
      ).map { row in OperatorRow(row.databaseValues.map(parameter)) }
    }
  }

  /// - Throws: `MessageStoreError` with the code `missingTables` or `newerSchema`.
  private static func checkTables(_ db: Database) throws {
    guard try SQLiteMessageTables.pending(in: db).isEmpty else {
      throw MessageStoreError(
        .missingTables,
        "the message tables are missing or older than this build: \"strangler outbox init\"")
    }
  }

  static func value(_ parameter: SQLParameter) -> DatabaseValue {
    switch parameter {
    case .null: .null
    case .text(let text): text.databaseValue
    case .integer(let number): number.databaseValue
    case .bytes(let bytes): Data(bytes).databaseValue
    }
  }

  static func parameter(_ value: DatabaseValue) -> SQLParameter {
    switch value.storage {
    case .null: .null
    case .int64(let number): .integer(number)
    case .double(let number): .text("\(number)")
    case .string(let text): .text(text)
    case .blob(let data): .bytes(Array(data))
    }
  }
}
