// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import DataMapping
  internal import PostgreSQLClient
  internal import Synchronization

  /// A database of PostgreSQL.
  package final class PostgreSQLMappedStore: MappedStore {
    /// How long connecting may take.
    private static let patience = Duration.seconds(10)
    /// What the server has on top of a statement's own time to say that it ended.
    private static let grace = Duration.seconds(5)

    private let address: PostgreSQLAddress
    private let connection = Mutex<PostgreSQLConnection?>(nil)

    package init(_ url: String) throws {
      do {
        address = try PostgreSQLAddress(url)
      } catch {
        throw StoreFailure(.unusable, error.message)
      }
    }

    package func close() {
      connection.withLock { connection in
        connection?.close()
        connection = nil
      }
    }

    private func connected() async throws -> PostgreSQLConnection {
      if let open = connection.withLock({ $0 }) { return open }
      let made = try await PostgreSQLConnection.open(
        address, as: "strangler data", within: Self.patience, onEvent: { _ in })
      connection.withLock { $0 = made }
      return made
    }

    package func snapshot() async throws -> any StoreSnapshot {
      try await PostgreSQLSnapshot(address, connectingWithin: Self.patience)
    }

    /// How values are written as texts, and texts read.
    static let textSettings = [
      "SET LOCAL TimeZone = 'UTC'", "SET LOCAL DateStyle = 'ISO, YMD'",
      "SET LOCAL bytea_output = 'hex'", "SET LOCAL extra_float_digits = 1",
      "SET LOCAL standard_conforming_strings = on",
    ]

    /// Runs statements in one transaction that cannot write.
    private func read(
      _ statements: [PostgreSQLStatement], within limit: Duration
    ) async throws -> [[PostgreSQLRow]] {
      let (seconds, fraction) = limit.components
      let milliseconds = max(1, seconds * 1_000 + fraction / 1_000_000_000_000_000)
      let settings = [
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL statement_timeout = \(milliseconds)", "SET LOCAL lock_timeout = 1000",
      ]
      let statements =
        (settings + Self.textSettings).map { PostgreSQLStatement($0) } + statements
      do {
        let results = try await connected().transaction(
          statements, within: limit + Self.grace)
        return Array(results.dropFirst(settings.count + Self.textSettings.count))
      } catch let error as PostgreSQLError {
        // It is of no use any more; whoever reads next opens another.
        if error.isUncertain { close() }
        if error.code == .refused(sqlState: "57014") || error.code == .timedOut {
          throw StoreFailure(.timedOut, "\(address): a statement did not end within \(limit)")
        }
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
    }

    // MARK: - Schema

    /// A table as statements can name it without its schema, where they can.
    private static let tableName =
      "CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END"

    package func schema(
      of tables: Set<String>, within limit: Duration
    ) async throws -> StoreSchema {
      let results = try await read(
        [
          PostgreSQLStatement("SHOW server_encoding"),
          PostgreSQLStatement(
            """
            SELECT \(Self.tableName) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND n.nspname !~ '^(pg_|information_schema)'
            ORDER BY 1
            """),
        ], within: limit)
      var schemas: [TableSchema] = []
      for table in tables.sorted() {
        if let schema = try await self.table(table, within: limit) { schemas.append(schema) }
      }
      return StoreSchema(
        .postgreSQL, encoding: results[0].first?.text(0) ?? "",
        tableNames: results[1].compactMap { $0.text(0) }, tables: schemas)
    }

    private func table(_ name: String, within limit: Duration) async throws -> TableSchema? {
      let statements = [
        """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
          a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a',
          a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%'
        FROM pg_attribute a
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = to_regclass($1) AND a.attnum > 0
          AND NOT a.attisdropped ORDER BY a.attnum
        """,
        """
        SELECT i.indexrelid, a.attname, i.indisprimary
        FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL
          AND i.indexprs IS NULL AND k.place <= i.indnkeyatts ORDER BY i.indexrelid, k.place
        """,
        """
        SELECT DISTINCT \(Self.tableName) FROM pg_constraint o
          JOIN pg_class c ON c.oid = o.confrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE o.conrelid = to_regclass($1) AND o.contype = 'f' ORDER BY 1
        """,
      ]
      let place = PostgreSQLValue.text(SQLText(.postgreSQL).table(name))
      let results = try await read(
        statements.map { PostgreSQLStatement($0, [place]) }, within: limit)
      guard !results[0].isEmpty else { return nil }
      var keys: [(index: Int64?, isPrimary: Bool, columns: [String])] = []
      for row in results[1] {
        guard let column = row.text(1) else { continue }
        if keys.last?.index == row.integer(0), !keys.isEmpty {
          keys[keys.count - 1].columns.append(column)
        } else {
          keys.append((row.integer(0), row.flag(2) ?? false, [column]))
        }
      }
      return TableSchema(
        name, columns: results[0].map(Self.column),
        primaryKey: keys.first { $0.isPrimary }?.columns ?? [],
        uniqueKeys: keys.filter { !$0.isPrimary }.map(\.columns),
        references: results[2].compactMap { $0.text(0) })
    }

    private static func column(_ row: PostgreSQLRow) -> ColumnSchema {
      let type = row.text(1) ?? ""
      return ColumnSchema(
        row.text(0) ?? "", ColumnType(postgreSQL: type), declaredType: type,
        isNullable: row.flag(2) == false, hasDefault: row.flag(3) ?? false,
        isGenerated: row.flag(4) ?? false, isNumbered: row.flag(5) ?? false)
    }

    // MARK: - Rows

    package func rows(
      _ sql: String, _ types: [ColumnType], within limit: Duration
    ) async throws -> [[FieldValue]] {
      let rows = try await read([PostgreSQLStatement(sql)], within: limit).first ?? []
      return rows.map { row in
        types.enumerated().map { FieldValue(postgreSQL: row.text($0.offset), $0.element) }
      }
    }

    /// The planner's guess, which knows the filter.
    package func estimate(
      _ statements: MappingStatements, within limit: Duration
    ) async throws -> RowEstimate? {
      let plan = try await read(
        [PostgreSQLStatement("EXPLAIN " + statements.allRows)], within: limit)
      let line = plan.first?.first?.text(0) ?? ""
      guard let match = line.firstMatch(of: /rows=([0-9]+)/) else { return nil }
      return Int(match.1).map { .about($0) }
    }
  }
#endif
