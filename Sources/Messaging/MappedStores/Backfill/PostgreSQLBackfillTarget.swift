// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import DataMapping
  internal import PostgreSQLClient
  internal import Synchronization

  /// A database of PostgreSQL that a backfill writes.
  package final class PostgreSQLBackfillTarget: BackfillTarget {
    /// How long connecting may take.
    private static let patience = Duration.seconds(10)
    /// How long a chunk may take: a lock that somebody holds is waited for.
    private static let limit = Duration.seconds(120)
    /// Most rows of a statement.
    private static let batch = 1_000

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

    private func run(_ statements: [PostgreSQLStatement]) async throws -> [[PostgreSQLRow]] {
      do {
        let settings = PostgreSQLMappedStore.textSettings.map { PostgreSQLStatement($0) }
        let open: PostgreSQLConnection
        if let made = connection.withLock({ $0 }) {
          open = made
        } else {
          open = try await PostgreSQLConnection.open(
            address, as: "strangler data backfill", within: Self.patience, onEvent: { _ in })
          connection.withLock { $0 = open }
        }
        let results = try await open.transaction(settings + statements, within: Self.limit)
        return Array(results.dropFirst(settings.count))
      } catch let error as PostgreSQLError
        where error.code == .refused(sqlState: PostgreSQLWritableStore.nothingMatched)
      {
        throw StoreFailure.overtaken("\(address)")
      } catch {
        // Whoever writes next opens another connection.
        if (error as? PostgreSQLError)?.isUncertain == true { close() }
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
    }

    private var isThere: PostgreSQLStatement {
      PostgreSQLStatement("SELECT to_regclass('\(BackfillPosition.table)') IS NOT NULL")
    }

    package func position(of mapping: String) async throws -> BackfillPosition? {
      guard try await run([isThere])[0].first?.flag(0) == true else { return nil }
      let rows = try await run([
        PostgreSQLStatement(
          """
          SELECT fingerprint, step, position, read_rows, added_rows, finished
          FROM \(BackfillPosition.table) WHERE mapping = $1
          """, [.text(mapping)])
      ])
      guard let row = rows[0].first else { return nil }
      guard let last = BackfillPosition.last(of: row.text(2) ?? "") else {
        throw StoreFailure.unreadable(mapping)
      }
      var position = BackfillPosition(fingerprint: row.text(0) ?? "")
      position.step = row.integer(1) ?? 0
      position.last = last
      position.read = row.integer(3) ?? 0
      position.added = row.integer(4) ?? 0
      position.isFinished = row.flag(5) ?? false
      return position
    }

    package func begin(_ mapping: String, at position: BackfillPosition) async throws {
      if try await run([isThere])[0].first?.flag(0) != true {
        _ = try await run([
          PostgreSQLStatement(
            """
            CREATE TABLE IF NOT EXISTS \(BackfillPosition.table) (
              mapping text PRIMARY KEY, fingerprint text NOT NULL, step bigint NOT NULL,
              position text NOT NULL, last_key text NOT NULL, read_rows bigint NOT NULL,
              added_rows bigint NOT NULL, finished boolean NOT NULL)
            """)
        ])
      }
      let stored = try await run([
        PostgreSQLStatement(
          """
          INSERT INTO \(BackfillPosition.table) VALUES ($1, $2, $3, $4, '', $5, $6, $7)
          \(BackfillPosition.replacesOlder) RETURNING 1
          """,
          [
            .text(mapping), .text(position.fingerprint), .integer(position.step),
            .text(position.encodedLast), .integer(position.read), .integer(position.added),
            .text(position.isFinished ? "t" : "f"),
          ])
      ])
      if stored[0].isEmpty { throw StoreFailure.moved(mapping) }
    }

    package func add(
      _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
      to position: BackfillPosition, key: String
    ) async throws -> Int {
      let opening = FenceStatements(statements, .new).openBackfill.map {
        PostgreSQLStatement($0.sql)
      }
      var parts =
        opening + [
          // Refused, by a division by zero, where it moves nothing.
          PostgreSQLStatement(
            """
            WITH moved AS (
              UPDATE \(BackfillPosition.table) SET step = $1, position = $2, last_key = $3,
                read_rows = $4, finished = $5 WHERE mapping = $6 AND step = $7 RETURNING 1)
            SELECT 1 / count(*) FROM moved
            """,
            [
              .integer(position.step), .text(position.encodedLast), .text(key),
              .integer(position.read), .text(position.isFinished ? "t" : "f"), .text(mapping),
              .integer(position.step - 1),
            ])
        ]
      for start in stride(from: 0, to: rows.count, by: Self.batch) {
        let batch = Array(rows[start..<min(rows.count, start + Self.batch)])
        parts.append(
          PostgreSQLStatement(
            """
            WITH added AS (\(statements.adds(batch)) RETURNING 1)
            UPDATE \(BackfillPosition.table)
            SET added_rows = added_rows + (SELECT count(*) FROM added)
            WHERE mapping = $1 RETURNING (SELECT count(*) FROM added)
            """, [.text(mapping)]))
      }
      do {
        let results = try await run(parts)
        return results.dropFirst(1 + opening.count).reduce(0) {
          $0 + Int($1.first?.integer(0) ?? 0)
        }
      } catch let failure as StoreFailure where failure.code == .moved {
        throw StoreFailure.moved(mapping)
      }
    }
  }
#endif
