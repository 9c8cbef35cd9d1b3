// SPDX-License-Identifier: Apache-2.0

internal import TortureModel
internal import TransactionalMessaging

/// A database with an outbox and the data it announces, and with a consumer's inbox and effects.
protocol TortureDatabase: Sendable {
  /// Makes the tables.
  func install() async throws

  /// Carries a writer's transaction out.
  func write(
    _ transaction: WriterTransaction, _ points: CrashPoints
  ) async -> TortureRecord.Outcome

  /// What a relay reads, by a rule.
  func relayStore(_ rule: TortureSettings.Rule) throws -> any RelayStore

  /// An inbox whose effect is a row.
  func inbox(_ points: CrashPoints) -> any EventInbox

  /// Events in the outbox, and effects.
  func counts() async throws -> (events: Int64, effects: Int64)

  /// All that is there.
  func evidence() async throws -> TortureEvidence
}

/// Databases by name.
enum TortureDatabases {
  static func open(
    _ settings: TortureSettings, _ place: String
  ) throws -> any TortureDatabase {
    switch settings.store {
    case .sqlite: return try SQLiteTortureDatabase(folder: place)
    case .postgresql:
      #if PostgreSQL
        return try PostgreSQLTortureDatabase(place)
      #else
        throw TortureFailure.missingTrait("PostgreSQL")
      #endif
    }
  }
}

/// Ends a transaction that is meant to leave nothing.
struct TortureAbort: Error {}
