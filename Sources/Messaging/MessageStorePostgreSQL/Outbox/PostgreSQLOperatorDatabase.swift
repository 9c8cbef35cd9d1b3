// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import TransactionalMessaging

  /// A PostgreSQL with the tables of outbox, relay and inbox, as its operators see it.
  package struct PostgreSQLOperatorDatabase: OperatorDatabase {
    private let database: PostgreSQLDatabase

    package init(_ database: PostgreSQLDatabase) { self.database = database }

    package var dialect: OperatorDialect { .postgreSQL }

    package func run(
      _ statements: [BoundStatement], changes: Bool
    ) async throws -> [[OperatorRow]] {
      try await database.transaction { transaction in
        // What is read belongs together; what is changed waits for locks and must see what their
        // former holders left.
        if !changes {
          try await transaction.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }
        var answers: [[OperatorRow]] = []
        for bound in statements {
          let rows = try await transaction.execute(bound.statement.bind(bound.values))
          answers.append(
            rows.map { row in
              OperatorRow((0..<row.count).map { SQLParameter(row.text($0)) })
            })
        }
        return answers
      }
    }
  }
#endif
