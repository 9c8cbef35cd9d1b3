// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import DataMapping
  internal import PostgreSQLClient
  internal import Synchronization

  /// A database of PostgreSQL whose data moves.
  package final class PostgreSQLWritableStore: WritableStore {
    /// How long connecting may take.
    private static let connecting = Duration.seconds(10)
    /// How long a transaction may take besides waiting for locks.
    private static let limit = Duration.seconds(120)
    /// SQLSTATE of a division by zero: a statement that must match changed nothing.
    static let nothingMatched = "22012"
    /// SQLSTATE of a root of a negative number: a statement wrote fewer rows than it has to.
    private static let tooFewWritten = "2201F"

    /// What was committed here outlives a crash of the server, whatever its settings say: notes of
    /// the other side are removed in reliance on it.
    private static let keepsCommits = """
      SELECT set_config('synchronous_commit', 'on', TRUE)
      WHERE current_setting('synchronous_commit') = 'off'
      """

    private let address: PostgreSQLAddress
    private let connection = Mutex<PostgreSQLConnection?>(nil)

    package init(_ url: String) throws {
      do {
        address = try PostgreSQLAddress(url)
      } catch {
        throw StoreFailure(.unusable, error.message)
      }
    }

    package var kind: StoreKind { .postgreSQL }

    package func close() {
      connection.withLock { connection in
        connection?.close()
        connection = nil
      }
    }

    private func connected() async throws -> PostgreSQLConnection {
      if let open = connection.withLock({ $0 }) { return open }
      let made = try await PostgreSQLConnection.open(
        address, as: "strangler data", within: Self.connecting, onEvent: { _ in })
      connection.withLock { $0 = made }
      return made
    }

    package func run(
      _ statements: [StoreStatement], waiting patience: Duration
    ) async throws -> [[[String?]]] {
      let (seconds, fraction) = patience.components
      let milliseconds = max(1, seconds * 1_000 + fraction / 1_000_000_000_000_000)
      let settings =
        [
          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
          "SET LOCAL lock_timeout = \(milliseconds)", Self.keepsCommits,
        ] + PostgreSQLMappedStore.textSettings
      do {
        let results = try await connected().transaction(
          settings.map { PostgreSQLStatement($0) } + statements.map(Self.statement),
          within: Self.limit + patience)
        return results.dropFirst(settings.count).map { rows in
          rows.map { row in (0..<row.count).map { row.text($0) } }
        }
      } catch let error as PostgreSQLError {
        // It is of no use any more; whoever writes next opens another.
        if error.isUncertain { close() }
        if error.code == .refused(sqlState: Self.nothingMatched) {
          throw StoreFailure.overtaken("\(address)")
        }
        if error.code == .refused(sqlState: Self.tooFewWritten) {
          throw StoreFailure.foreign("\(address)")
        }
        throw StoreFailure(postgreSQL: error, "\(address)")
      }
    }

    /// The connection is given a whole transaction, so a statement that must match, or write so
    /// many rows, says by an error that it did not.
    private static func statement(_ statement: StoreStatement) -> PostgreSQLStatement {
      if let writes = statement.writes {
        return PostgreSQLStatement(
          "WITH written AS (\(statement.sql) RETURNING 1)\n"
            + "SELECT sqrt(count(*) - \(writes)) FROM written")
      }
      return PostgreSQLStatement(
        statement.mustMatch
          ? "WITH matched AS (\(statement.sql) RETURNING 1) SELECT 1 / count(*) FROM matched"
          : statement.sql)
    }
  }
#endif
