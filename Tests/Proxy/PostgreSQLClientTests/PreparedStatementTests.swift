// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import ServerPrograms
  import Testing

  @testable import PostgreSQLClient

  @Suite(.timeLimit(.minutes(2)))
  struct PreparedStatementTests {
    private static let limit = Duration.seconds(10)

    @Test func preparesWhatComesForTheSecondTime() {
      var statements = PreparedStatements(prefix: "s")
      #expect(statements.use("a", [0]) == .directly)
      #expect(statements.use("a", [0]) == .prepare("s1"))
      #expect(statements.use("a", [0]) == .execute("s1"))
      // What is bytes for one caller is text for another.
      #expect(statements.use("a", [17]) == .directly)
      #expect(statements.use("a", [17]) == .prepare("s2"))
      for _ in 0..<3 { #expect(statements.use("BEGIN", []) == .directly) }
    }

    @Test func usesNoNameTwice() {
      var statements = PreparedStatements(prefix: "s")
      for _ in 0..<2 { _ = statements.use("a", [0]) }
      statements.forget()
      #expect(statements.use("a", [0]) == .directly)
      #expect(statements.use("a", [0]) == .prepare("s2"))
      statements.forget("a", [0])
      #expect(statements.use("a", [0]) == .directly)
    }

    @Test func keepsOneHundredAndTwentyEight() {
      var statements = PreparedStatements(prefix: "s")
      for number in 0..<200 { _ = statements.use("SELECT \(number)", [0]) }
      #expect(statements.use("SELECT 127", [0]) == .prepare("s1"))
      for _ in 0..<3 { #expect(statements.use("SELECT 128", [0]) == .directly) }
    }

    private func connect(_ server: PostgreSQLProgram) async throws -> PostgreSQLConnection {
      try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "test", within: Self.limit, onEvent: { _ in })
    }

    private func prepared(_ connection: PostgreSQLConnection) async throws -> Int64? {
      try await connection.query(
        "SELECT count(*) FROM pg_prepared_statements", within: Self.limit
      ).first?.integer(0)
    }

    @Test func anAlteredTableIsReadAnew() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await connection.query("CREATE TABLE t (a int)", within: Self.limit)
      try await connection.query("INSERT INTO t VALUES (1)", within: Self.limit)
      func read() async throws -> PostgreSQLRow? {
        try await connection.query(
          "SELECT * FROM t WHERE a = $1", [.integer(1)], within: Self.limit
        ).first
      }
      for _ in 0..<3 { #expect(try await read()?.count == 1) }
      #expect(try await prepared(connection) == 1)
      try await connection.query("ALTER TABLE t ADD b text DEFAULT 'new'", within: Self.limit)
      let row = try await read()
      #expect(row?.count == 2 && row?.text(1) == "new")
      // In a transaction it is refused once, and goes on after it.
      for _ in 0..<2 { _ = try await read() }
      try await connection.query("ALTER TABLE t DROP b", within: Self.limit)
      try await connection.query("BEGIN", within: Self.limit)
      let refused = await #expect(throws: PostgreSQLError.self) { _ = try await read() }
      #expect(refused?.code == .refused(sqlState: "0A000"))
      try await connection.query("ROLLBACK", within: Self.limit)
      #expect(try await read()?.count == 1)
    }

    /// What a pooler does with sessions: two connections that took the same names would run each
    /// other's statements.
    @Test func noTwoConnectionsTakeTheSameNames() async throws {
      let server = try await PostgreSQLProgram.start()
      var names: Set<String> = []
      for _ in 0..<3 {
        let connection = try await connect(server)
        for _ in 0..<2 {
          try await connection.query("SELECT $1::bigint", [.integer(1)], within: Self.limit)
        }
        let rows = try await connection.query(
          "SELECT name FROM pg_prepared_statements", within: Self.limit)
        names.formUnion(rows.compactMap { $0.text(0) })
      }
      #expect(names.count == 3)
    }

    @Test func whatTheSessionLostIsSentAgain() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      for round in 0..<3 {
        for number in Int64(1)...3 {
          let rows = try await connection.query(
            "SELECT $1::bigint", [.integer(number)], within: Self.limit)
          #expect(rows.first?.integer(0) == number, "round \(round)")
        }
        try await connection.query("DEALLOCATE ALL", within: Self.limit)
      }
    }

    @Test func aStatementThatIsRefusedSaysWhyEachTime() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      for _ in 0..<4 {
        let error = await #expect(throws: PostgreSQLError.self) {
          try await connection.query(
            "SELECT * FROM missing WHERE a = $1", [.integer(1)], within: Self.limit)
        }
        #expect(error?.code == .refused(sqlState: "42P01"))
      }
      #expect(try await prepared(connection) == 0)
      let row = try await connection.query("SELECT 7", within: Self.limit).first
      #expect(row?.integer(0) == 7)
    }

    @Test func numbersAreReadToTheirLimits() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      let row = try #require(
        try await connection.query(
          """
          SELECT \(Int64.min), \(Int64.max), 9223372036854775808, '-', '', '1x', NULL,
            '\\x0aff'::bytea, '\\x0', '\\xzz'
          """, within: Self.limit
        ).first)
      #expect(row.integer(0) == .min && row.integer(1) == .max)
      #expect((2..<7).allSatisfy { row.integer($0) == nil } && row.integer(-1) == nil)
      #expect(row.bytes(7) == [0x0A, 0xFF] && row.bytes(8) == nil && row.bytes(9) == nil)
    }
  }
#endif
