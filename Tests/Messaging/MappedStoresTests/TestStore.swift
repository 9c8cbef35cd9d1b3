// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Foundation
import GRDB
import MappedStores

#if PostgreSQL
  import PostgreSQLClient
  import ServerPrograms
#endif

/// A store of its own that tests fill.
final class TestStore: Sendable {
  let kind: StoreKind
  let place: DataSettings.Place
  private let file: URL?
  #if PostgreSQL
    private let server: PostgreSQLProgram?
  #endif

  init(_ kind: StoreKind) async throws {
    self.kind = kind
    let path = FileManager.default.temporaryDirectory
      .appending(path: "mapped-\(UUID().uuidString.lowercased()).sqlite")
    #if PostgreSQL
      if kind == .postgreSQL {
        let server = try await PostgreSQLProgram.start()
        self.server = server
        place = .postgreSQL(server.address)
        file = nil
        return
      }
      server = nil
    #endif
    place = .file(path.path(percentEncoded: false))
    file = path
    _ = try DatabaseQueue(path: path.path(percentEncoded: false))
  }

  /// A file like another one, which nobody writes.
  convenience init(copyOf other: TestStore) async throws {
    try await self.init(other.kind)
    guard let file, let from = other.file else { return }
    try FileManager.default.removeItem(at: file)
    try FileManager.default.copyItem(at: from, to: file)
  }

  deinit { if let file { try? FileManager.default.removeItem(at: file) } }

  func run(_ statements: [String]) async throws {
    switch place {
    case .file(let path):
      let queue = try DatabaseQueue(path: path)
      try await queue.write { db in for sql in statements { try db.execute(sql: sql) } }
    case .postgreSQL(let url):
      #if PostgreSQL
        let connection = try await PostgreSQLConnection.open(
          PostgreSQLAddress(url), as: "test", within: .seconds(10), onEvent: { _ in })
        try await connection.transaction(
          statements.map { PostgreSQLStatement($0) }, within: .seconds(60))
        connection.close()
      #endif
    }
  }

  /// Rows as texts, columns separated by a bar.
  func rows(_ sql: String) async throws -> [String] {
    switch place {
    case .file(let path):
      let queue = try DatabaseQueue(path: path)
      return try await queue.read { db in
        try Row.fetchAll(db, sql: sql).map { row in
          row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0)" }
            .joined(separator: "|")
        }
      }
    case .postgreSQL(let url):
      #if PostgreSQL
        let connection = try await PostgreSQLConnection.open(
          PostgreSQLAddress(url), as: "test", within: .seconds(10), onEvent: { _ in })
        defer { connection.close() }
        return try await connection.query(sql, within: .seconds(60)).map { row in
          (0..<row.count).map { row.text($0) ?? "NULL" }.joined(separator: "|")
        }
      #else
        return []
      #endif
    }
  }

  func stop() async {
    #if PostgreSQL
      await server?.stop()
    #endif
  }

  func restart() async throws {
    #if PostgreSQL
      await server?.stop()
      try await server?.restart()
    #endif
  }
}
