// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Synchronization

#if PostgreSQL
  import PostgreSQLClient
  import ServerPrograms
#endif

/// A store that a test fills and looks into.
final class DataStore: Sendable {
  enum Kind: String, CaseIterable { case sqlite, postgreSQL }

  #if PostgreSQL
    static let kinds = Kind.allCases
  #else
    static let kinds = [Kind.sqlite]
  #endif
  static let pairs = kinds.flatMap { one in kinds.map { (one, $0) } }

  /// As the configuration names it.
  let declaration: String
  /// A file's path, or an address.
  let place: String
  private let file: String?
  #if PostgreSQL
    private let server: PostgreSQLProgram?
    private let connection: Mutex<PostgreSQLConnection?>
  #endif

  init(_ kind: Kind, _ name: String, _ scratch: Scratch) async throws {
    #if PostgreSQL
      if kind == .postgreSQL {
        let server = try await PostgreSQLProgram.start()
        connection = Mutex(try await Self.connection(to: server))
        self.server = server
        place = server.address
        declaration = "{ url: '\(server.address)' }"
        file = nil
        return
      }
      server = nil
      connection = Mutex(nil)
    #endif
    place = scratch.path + "/" + name + ".sqlite"
    file = place
    declaration = "{ sqlite: \(place) }"
    _ = try DatabaseQueue(path: place)
  }

  func run(_ statements: String...) async throws {
    if let file {
      let queue = try DatabaseQueue(path: file)
      try await queue.write { db in for sql in statements { try db.execute(sql: sql) } }
      return
    }
    #if PostgreSQL
      for sql in statements { try await open?.query(sql, within: .seconds(60)) }
    #endif
  }

  /// Rows as texts, columns separated by a space.
  func rows(_ sql: String) async throws -> [String] {
    if let file {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(10)
      let queue = try DatabaseQueue(path: file, configuration: configuration)
      return try await queue.read { db in
        try Row.fetchAll(db, sql: sql).map { row in
          row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0)" }
            .joined(separator: " ")
        }
      }
    }
    #if PostgreSQL
      return try await open?.query(sql, within: .seconds(10)).map { row in
        (0..<row.count).map { row.text($0) ?? "NULL" }.joined(separator: " ")
      } ?? []
    #else
      return []
    #endif
  }

  /// A row as text; nil where there is none, or no table.
  func row(_ sql: String) async -> String? { try? await rows(sql).first }

  #if PostgreSQL
    private var open: PostgreSQLConnection? { connection.withLock { $0 } }

    private static func connection(
      to server: PostgreSQLProgram
    ) async throws -> PostgreSQLConnection {
      try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "test", within: .seconds(10), onEvent: { _ in })
    }

    /// Stops its server, and starts it again after something that happens meanwhile.
    func restart(after body: () async throws -> Void) async throws {
      guard let server else { return }
      await server.stop()
      try await body()
      try await server.restart()
      let made = try await Self.connection(to: server)
      connection.withLock { $0 = made }
    }
  #endif

  func stop() async {
    #if PostgreSQL
      connection.withLock { $0?.close() }
      await server?.stop()
    #endif
  }
}
