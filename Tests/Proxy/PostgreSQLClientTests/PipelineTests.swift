// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import ServerPrograms
  import Testing

  @testable import PostgreSQLClient

  /// Statements of a transaction that travel together.
  @Suite(.timeLimit(.minutes(2)))
  struct PipelineTests {
    private static let limit = Duration.seconds(10)
    private static let insert = "INSERT INTO t VALUES ($1::bigint) RETURNING n"

    private func connect(_ server: PostgreSQLProgram) async throws -> PostgreSQLConnection {
      let connection = try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "test", within: Self.limit, onEvent: { _ in })
      try await connection.query("CREATE TABLE t (n int PRIMARY KEY)", within: Self.limit)
      return connection
    }

    private func run(_ sql: String, _ connection: PostgreSQLConnection) async throws {
      try await connection.query(sql, within: Self.limit)
    }

    private func number(_ sql: String, _ connection: PostgreSQLConnection) async throws -> Int64? {
      try await connection.query(sql, within: Self.limit).first?.integer(0)
    }

    private func count(_ connection: PostgreSQLConnection) async throws -> Int64? {
      try await number("SELECT count(*) FROM t", connection)
    }

    private func inserts(_ numbers: ClosedRange<Int64>) -> [PostgreSQLStatement] {
      numbers.map { PostgreSQLStatement(Self.insert, [.integer($0)]) }
    }

    private let commit = PostgreSQLStatement("COMMIT")

    @Test func eachStatementHasItsRows() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await run("BEGIN", connection)
      let outcome = try await connection.pipeline(inserts(1...3) + [commit], within: Self.limit)
      #expect(outcome.refusal == nil)
      #expect(outcome.rows.map { $0.map { $0.integer(0) } } == [[1], [2], [3], []])
      // It is over, and the connection goes on.
      try await run("ROLLBACK", connection)
      #expect(try await count(connection) == 3)
      await server.stop()
    }

    @Test func behindARefusalNothingRunsAndNothingIsCommitted() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await run("BEGIN", connection)
      let outcome = try await connection.pipeline(
        inserts(1...2) + inserts(2...3) + [commit], within: Self.limit)
      #expect(outcome.rows.count == 2)
      #expect(outcome.refusal?.isUniqueViolation == true)
      let refused = await #expect(throws: PostgreSQLError.self) {
        try await run("SELECT 1", connection)
      }
      #expect(refused?.code == .refused(sqlState: "25P02"))
      try await run("ROLLBACK", connection)
      #expect(try await count(connection) == 0)
      await server.stop()
    }

    @Test func statementsArePreparedOnTheWay() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      func prepared() async throws -> Int64? {
        try await number("SELECT count(*) FROM pg_prepared_statements", connection)
      }
      try await run("BEGIN", connection)
      // The third would be prepared, and is never read.
      let refused = try await connection.pipeline(
        inserts(1...1) + [PostgreSQLStatement("SELECT 1 / 0")] + inserts(2...3),
        within: Self.limit)
      #expect(refused.refusal?.code == .refused(sqlState: "22012"))
      try await run("ROLLBACK", connection)
      #expect(try await prepared() == 0)
      for round in Int64(0)..<3 {
        try await run("BEGIN", connection)
        let numbers = (round * 3 + 1)...(round * 3 + 3)
        let outcome = try await connection.pipeline(
          inserts(numbers) + [commit], within: Self.limit)
        #expect(outcome.refusal == nil && outcome.rows.count == 4, "round \(round)")
        #expect(try await prepared() == 1)
      }
      // What the session lost is refused once, and goes on after it.
      try await run("DEALLOCATE ALL", connection)
      try await run("BEGIN", connection)
      let lost = try await connection.pipeline(inserts(20...21) + [commit], within: Self.limit)
      #expect(lost.refusal?.code == .refused(sqlState: "26000"))
      try await run("ROLLBACK", connection)
      try await run("BEGIN", connection)
      let again = try await connection.pipeline(inserts(20...22) + [commit], within: Self.limit)
      #expect(again.refusal == nil)
      #expect(try await count(connection) == 12)
      await server.stop()
    }

    /// Neither side waits for the other to read while both write.
    @Test func largeStatementsAndAnswersPassEachOther() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      let text = String(repeating: "x", count: 200_000)
      try await run("BEGIN", connection)
      let outcome = try await connection.pipeline(
        (0..<60).map { _ in PostgreSQLStatement("SELECT $1::text", [.text(text)]) },
        within: Self.limit)
      #expect(outcome.rows.count == 60)
      #expect(outcome.rows.allSatisfy { $0.first?.text(0) == text })
      try await run("COMMIT", connection)
      await server.stop()
    }

    @Test func withoutATransactionNothingIsSent() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      let none = await #expect(throws: PostgreSQLError.self) {
        try await connection.pipeline(inserts(1...1) + [commit], within: Self.limit)
      }
      #expect(none?.code == .refused(sqlState: "25P01"))
      try await run("BEGIN", connection)
      let cut = await #expect(throws: PostgreSQLError.self) {
        try await connection.pipeline(
          inserts(1...1) + [PostgreSQLStatement("SELECT $1", [.text("a\0b")])],
          within: Self.limit)
      }
      #expect(cut?.code == .refused(sqlState: "22021"))
      try await run("COMMIT", connection)
      #expect(try await count(connection) == 0)
      await server.stop()
    }

    @Test func aLostConnectionIsNoRefusal() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await run("BEGIN", connection)
      let lost = await #expect(throws: PostgreSQLError.self) {
        try await connection.pipeline(
          [PostgreSQLStatement("SELECT pg_terminate_backend(pg_backend_pid())"), commit],
          within: Self.limit)
      }
      #expect(lost?.code == .connection && lost?.isUncertain == true)
      await server.stop()
    }

    @Test func silenceEndsTheConnection() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await run("BEGIN", connection)
      let silent = await #expect(throws: PostgreSQLError.self) {
        try await connection.pipeline(
          [PostgreSQLStatement("SELECT pg_sleep(600)"), commit], within: .milliseconds(100))
      }
      #expect(silent?.code == .timedOut)
      await server.stop()
    }
  }
#endif
