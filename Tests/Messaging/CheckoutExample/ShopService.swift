// SPDX-License-Identifier: Apache-2.0

import Foundation
package import GRDB
package import Logging
package import MessageRelay
import MessageStoreSQLite
import SagaModel
package import Tracing
package import TransactionalMessaging

/// The stock or the mail of the shop: a service with a database of its own that carries out
/// commands and answers them over its outbox.
package struct ShopService: Sendable {
  private struct Broken: Error {}

  package let name: String
  package let database: DatabasePool
  private let outbox = SQLiteOutbox()

  package init(_ name: String, path: String) throws {
    self.name = name
    database = try DatabasePool(path: path)
    try SQLiteMessageTables.install(in: database, surviving: .processCrash)
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS effect (saga TEXT NOT NULL, what TEXT NOT NULL) STRICT;
          CREATE TABLE IF NOT EXISTS asked (key TEXT NOT NULL) STRICT;
          """)
    }
  }

  package func relay(
    over broker: any MessageBroker, tracer: (any Tracer)?, logger: Logger
  ) -> Relay {
    var configuration = RelayConfiguration()
    // A killed owner never gives its lease back; the next one must not wait for long.
    configuration.lease = 60
    configuration.standby = 5
    return Relay(
      name: name, store: SQLiteRelayStore(database), broker: broker, signal: outbox.signal,
      configuration: configuration, tracer: tracer, logger: logger)
  }

  package func consumer(
    of broker: any MessageBroker, tracer: (any Tracer)?, logger: Logger
  ) -> Consumer {
    let policy = InboxPolicy(retry: Backoff(first: 1, most: 2), crashes: .max)
    let inbox = SQLiteInbox(consumer: name, policy: policy).bound(to: database) { event, db in
      for answer in try answers(to: try SagaCommand(event), db) {
        try outbox.append(answer, in: db)
      }
    }
    return Consumer(broker: broker, inbox: inbox, tracer: tracer, logger: logger)
  }

  private func answers(to command: SagaCommand, _ db: Database) throws -> [OutboxEvent] {
    let fault = Fault.of(command.call.sagaID, command.call.step)
    let answer = { try carryOut(command, fault, db) }
    if command.call.direction == .backward {
      guard fault == .late else { return [try answer()] }
      // What was held back comes now, when nobody waits for it any longer.
      var late = command
      late.call.direction = .forward
      return [try carryOut(late, .none, db), try answer()]
    }
    let isFirst = try Self.note(command, db) == 1
    switch fault {
    case .silent where isFirst: return []
    case .late where isFirst:
      _ = try answer()
      return []
    case .late, .twice: return [try answer(), try answer()]
    case .none, .refuses, .fails, .failsAfterwards, .silent: return [try answer()]
    }
  }

  private func carryOut(
    _ command: SagaCommand, _ fault: Fault.Kind, _ db: Database
  ) throws -> OutboxEvent {
    let isForward = command.call.direction == .forward
    let isRefused = fault == .refuses && command.call.attempt == 1
    // What was noted of an attempt that failed is undone with it.
    let fails = try [.fails, .failsAfterwards].contains(fault) && !Self.hasFailed(command, db)
    if isForward, fails, fault == .fails { throw Broken() }
    return try command.once(in: db, now: Self.now) {
      if isForward, isRefused { throw SagaRefusal("\(name) says no") }
      try db.execute(
        sql: "INSERT INTO effect (saga, what) VALUES (?, ?)",
        arguments: [command.call.sagaID, command.call.direction.rawValue])
      if isForward, fails { throw Broken() }
      return Array(#"{"reservation":"\#(command.key)"}"#.utf8)
    }
  }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

  private static func hasFailed(_ command: SagaCommand, _ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM inbox_parked WHERE aggregateid = ?)",
      arguments: [command.call.sagaID]) ?? false
  }

  /// - Returns: how often the key was asked for.
  private static func note(_ command: SagaCommand, _ db: Database) throws -> Int {
    try db.execute(sql: "INSERT INTO asked (key) VALUES (?)", arguments: [command.key])
    return try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM asked WHERE key = ?", arguments: [command.key]) ?? 0
  }
}
