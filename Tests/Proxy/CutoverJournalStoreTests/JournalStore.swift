// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverJournalStore
import Foundation
import GRDB
import RoutingDecisions
import Testing

#if PostgreSQL
  import PostgreSQLClient
  import ServerPrograms
#endif

/// The stores that there are, each made empty for one test.
enum JournalStore: String, Sendable, CustomTestStringConvertible {
  case sqlite
  #if PostgreSQL
    case postgreSQL
  #endif

  static var all: [JournalStore] {
    #if PostgreSQL
      [.sqlite, .postgreSQL]
    #else
      [.sqlite]
    #endif
  }

  var testDescription: String { rawValue }

  func make() async throws -> any TestedStore {
    switch self {
    case .sqlite: try SQLiteStore()
    #if PostgreSQL
      case .postgreSQL: try await PostgreSQLStore()
    #endif
    }
  }
}

/// A place for one journal.
protocol TestedStore: Sendable {
  /// For a proxy; made if need be.
  func open(_ installation: String) async throws -> any CutoverJournal
  /// For a reader.
  func read(_ installation: String?) async throws -> any CutoverJournal
  /// Runs a statement about the tables ENTRY and JOURNAL, past the store.
  func tamper(_ sql: String) async throws
  /// Takes off what keeps entries from being changed.
  func disarm() async throws
}

private struct SQLiteStore: TestedStore {
  let folder: TemporaryFolder
  var file: String { folder.path("journal.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  func open(_ installation: String) async throws -> any CutoverJournal {
    try SQLiteCutoverJournal(writing: file, installation: installation)
  }

  func read(_ installation: String?) async throws -> any CutoverJournal {
    try await JournalPlace.reading(file, installation: installation)
  }

  func tamper(_ sql: String) async throws {
    try await DatabaseQueue(path: file).write { try $0.execute(sql: sql.lowercased()) }
  }

  func disarm() async throws {
    try await tamper(
      """
      DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted;
      DROP TRIGGER journal_keeps_its_owner
      """)
  }
}

#if PostgreSQL
  private final class PostgreSQLStore: TestedStore {
    let server: PostgreSQLProgram

    init() async throws { server = try await PostgreSQLProgram.start() }

    func open(_ installation: String) async throws -> any CutoverJournal {
      PostgreSQLCutoverJournal(
        try PostgreSQLAddress(server.address), installation: installation)
    }

    func read(_ installation: String?) async throws -> any CutoverJournal {
      try await JournalPlace.reading(server.address, installation: installation)
    }

    func tamper(_ sql: String) async throws {
      let connection = try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "tamper", within: .seconds(10), onEvent: { _ in })
      defer { connection.close() }
      try await connection.query(
        sql.replacing("ENTRY", with: "strangler_entry")
          .replacing("JOURNAL", with: "strangler_journal"), within: .seconds(10))
    }

    func disarm() async throws {
      for table in ["ENTRY", "JOURNAL"] {
        try await tamper("ALTER TABLE \(table) DISABLE TRIGGER USER")
      }
    }
  }
#endif

/// Entries for tests of stores.
enum JournalSamples {
  static func record(_ number: Int) -> JournalRecord {
    JournalRecord(
      .moved, time: Int64(number), actor: "Zoë", reason: "step \(number)",
      moves: [
        .init(
          route: "orders", from: Percentage(hundredths: number) ?? .zero,
          to: Percentage(hundredths: number + 1) ?? .zero)
      ], configurationHash: "c0ffee")
  }

  /// Appends some entries and returns them.
  @discardableResult
  static func fill(_ journal: any CutoverJournal, _ count: Int) async throws -> [JournalEntry] {
    var chain = try await journal.forEachSound()
    var entries: [JournalEntry] = []
    for number in 0..<count {
      let entry = try chain.append(record(number))
      try await journal.append(entry)
      entries.append(entry)
    }
    return entries
  }
}
