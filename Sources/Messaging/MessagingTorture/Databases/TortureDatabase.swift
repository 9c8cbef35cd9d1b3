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

  /// The consumer's side as operators see it.
  var operators: any OperatorDatabase { get }

  /// Consumers fail no more at these events.
  func cure(_ ids: [String]) async throws

  /// How much there is.
  func counts() async throws -> TortureCounts

  /// What the consumer has done, and what is dead.
  func standstill() async throws -> Standstill

  /// All that is there.
  func evidence() async throws -> TortureEvidence
}

/// How far a run is.
struct TortureCounts: Sendable, Equatable {
  /// In the outbox.
  var events: Int64
  var effects: Int64
  /// Events that are dead letters or wait behind one.
  var behind: Int64
  /// Events that are dead letters.
  var dead: Int64
  /// Attempts that are under way or ended with their process.
  var begun: Int64

  /// What waits behind dead letters; both stores read it alike.
  static let behind = """
    SELECT count(*) FROM inbox_parked p WHERE EXISTS (SELECT 1 FROM inbox_parked d
      WHERE d.aggregateid = p.aggregateid AND d.state = 'dead'
        AND d.aggregateversion <= p.aggregateversion)
    """
  static let begun = "SELECT COALESCE(sum(begun), 0) FROM inbox_attempt"
  static let dead = "SELECT count(*) FROM inbox_parked WHERE state = 'dead'"
  /// Each aggregate with its first dead letter.
  static let firstDead = """
    SELECT aggregateid, min(aggregateversion) FROM inbox_parked WHERE state = 'dead'
    GROUP BY aggregateid
    """
}

extension InboxPolicy {
  /// Short waits, so that an event that fails is a dead letter soon.
  static let torture = InboxPolicy(
    attempts: TortureSettings.attempts, retry: Backoff(first: 20, most: 100),
    crashes: TortureSettings.crashes)
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

/// What a consumer says of an event that it fails at.
struct TorturePoison: Error, CustomStringConvertible {
  var description: String { "this event is poison until an operator has seen to it" }
}
