// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
  import Synchronization
  import Testing

  /// One server for all tests of a suite, stopped when the last one has ended; each test works in a
  /// schema of its own.
  struct DatabaseTrait: SuiteTrait, TestScoping {
    @TaskLocal static var server: PostgreSQLProgram?
    private static let schemas = Mutex(0)

    func provideScope(
      for test: Test, testCase: Test.Case?,
      performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
      let server = try await PostgreSQLProgram.start()
      try await PostgreSQLDatabase(server.address).query(
        "ALTER SYSTEM SET max_prepared_transactions = 4")
      await server.stop()
      try await server.restart()
      try await Self.$server.withValue(server) { try await body() }
      await server.stop()
    }

    /// The address of an empty schema.
    static func address() async throws -> String {
      let server = try #require(server)
      let schema = schemas.withLock { schemas in
        schemas += 1
        return "test_\(schemas)"
      }
      let database = try PostgreSQLDatabase(server.address)
      try await database.query("CREATE SCHEMA \(schema)")
      return server.address + "&options=-csearch_path%3D\(schema)"
    }
  }

  extension Trait where Self == DatabaseTrait {
    static var postgreSQL: DatabaseTrait { DatabaseTrait() }
  }
#endif
