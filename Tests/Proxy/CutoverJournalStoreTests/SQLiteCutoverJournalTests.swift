// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverJournalStore
import CutoverScenario
import Foundation
import GRDB
import Logging
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite struct SQLiteCutoverJournalTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("journal.sqlite")
  }

  private func open(_ installation: String = "shop") throws -> SQLiteCutoverJournal {
    try SQLiteCutoverJournal(writing: file, installation: installation)
  }

  private func read(_ installation: String? = nil) throws -> SQLiteCutoverJournal {
    try SQLiteCutoverJournal(reading: file, installation: installation)
  }

  @Test func aLogThatAPowerCutMayUndoIsNotUsed() async throws {
    let journal = try open()
    #expect(try await journal.synchronous == 2)
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  @Test func aPageIsReadAlongTheTableAndNothingIsSorted() throws {
    _ = try open()
    let plan = try DatabaseQueue(path: file).read { db in
      try Row.fetchAll(
        db, sql: "EXPLAIN QUERY PLAN " + SQLiteCutoverJournal.pageQuery, arguments: [0, 10]
      ).map { $0["detail"] as String }
    }
    #expect(plan == ["SEARCH entry USING INTEGER PRIMARY KEY (rowid>?)"])
  }

  @Test func theJournalOfAnotherInstallationIsRefusedByName() async throws {
    try await JournalSamples.fill(try open("staging"), 2)
    let error = #expect(throws: CutoverJournalError.self) { try open("production") }
    #expect(error?.code == .otherInstallation)
    #expect(
      error?.message.contains(
        "is the journal of the installation \"staging\", not of \"production\"") == true)
    #expect(try read().installation == "staging")
  }

  @Test func damageAroundTheEntriesIsFoundToo() async throws {
    do {
      let journal = try open()
      try await JournalSamples.fill(journal, 3)
      #expect(try await journal.verdict().fault == nil)
    }
    // An index that holds other values than it should.
    try await DatabaseQueue(path: file).writeWithoutTransaction { db in
      try db.execute(
        sql: "PRAGMA writable_schema = ON; CREATE INDEX by_hash ON entry (hash)")
      try db.execute(
        sql:
          "UPDATE sqlite_master SET sql = 'CREATE INDEX by_hash ON entry (bytes)' WHERE name = ?",
        arguments: ["by_hash"])
    }
    let verdict = try await read().verdict()
    #expect(verdict.sound == 3)
    #expect(verdict.fault?.hasPrefix("the file around the entries is damaged") == true)
  }

  @Test func oneOfTwoWritersHasIt() async throws {
    let (first, second) = (try open(), try open())
    #expect(try first.lock() && first.lock())
    #expect(try !second.lock())
    #expect(second.holder.journal == file)
    #expect(second.holder.process == ProcessInfo.processInfo.processIdentifier)
    let link = folder.path("other-name.sqlite")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    let linked = try SQLiteCutoverJournal(writing: link, installation: "shop")
    #expect(try !linked.lock())
    // Whoever reads asks for nothing.
    #expect(try await second.entries(after: 0, limit: 10).isEmpty)
    first.unlock()
    #expect(try second.lock())
    #expect(try !first.lock())
  }

  @Test func aSecondProxyOfOneJournalDoesNotStartAndOneThatTakesOverWaits() async throws {
    let table = try RoutingTable(CutoverScenario.configuration())
    func runner(_ journal: SQLiteCutoverJournal) -> (CutoverRunner, LiveRouting) {
      let routing = LiveRouting(table)
      let runner = CutoverRunner(
        journal: journal, routing: routing, traffic: ScenarioTraffic(routing),
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        unixMilliseconds: { 1_795_435_200_000 })
      return (runner, routing)
    }
    let journal = try open()
    let (older, _) = runner(journal)
    try await older.restore(leads: true)
    let (second, routing) = runner(try open())
    let error = await #expect(throws: CutoverJournalError.self) {
      try await second.restore(leads: true)
    }
    #expect(error?.code == .inUse && error?.message.contains("--take-over") == true)
    try await second.restore(leads: false)
    try await older.start("orders", by: CutoverScenario.ann)
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await second.follow {
          ask.yield()
          return true
        }
      }
      for await _ in asked.prefix(1) {}
      await #expect(throws: CutoverRefusal.notLeading) {
        try await second.pause("orders", by: CutoverScenario.ann)
      }
      journal.unlock()
      await group.waitForAll()
    }
    #expect(routing.percentages["orders"] == .hundredths(1_000))
    await #expect(throws: Never.self) {
      try await second.pause("orders", by: CutoverScenario.ann)
    }
  }

  /// Every byte of the last of three entries, one after the other.
  @Test func everyChangedByteIsFound() async throws {
    let written = try await JournalSamples.fill(try open(), 3)
    try tamper("DROP TRIGGER entry_is_never_changed")
    let bytes = written[2].canonicalBytes
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x01
      try replaceBytes(of: 3, with: changed)
      do {
        let verdict = try await read("shop").verdict()
        // One of the hash before it shows as a break of the chain.
        let faults = [
          "entry 3 was changed after it was written", "entry 3 does not follow the entry before it",
        ]
        #expect(faults.contains(verdict.fault ?? ""), "byte \(index)")
      } catch let error as CutoverJournalError {
        // The bytes that name the format.
        #expect(error.code == .newerFormat && index < 20)
      }
    }
    try replaceBytes(of: 3, with: bytes)
    #expect(try await open().verdict().fault == nil)
  }

  @Test func whatIsNoJournalIsSaidToBeNone() throws {
    let error = #expect(throws: CutoverJournalError.self) { try read("shop") }
    #expect(error?.code == .missing)
    try Data("this is not a database, and it is long enough to be looked at".utf8)
      .write(to: URL(filePath: file))
    #expect(throws: CutoverJournalError.self) { try open() }
  }

  @Test(arguments: [
    "CREATE TABLE mine (x)", "CREATE VIEW mine AS SELECT 1", "PRAGMA user_version = 7",
    "CREATE TABLE journal (day TEXT); CREATE TABLE entry (amount INTEGER)",
    "CREATE TABLE grdb_migrations (identifier TEXT); INSERT INTO grdb_migrations VALUES ('1: mine')",
  ])
  func nothingIsChangedOfAFileThatIsNoJournal(_ sql: String) async throws {
    try await DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
    let foreign = try Data(contentsOf: URL(filePath: file))
    let attempts = [{ try open() }, { try read() }, { try read("shop") }]
    for attempt in attempts {
      let error = #expect(throws: CutoverJournalError.self) { try attempt() }
      #expect(error?.message.contains("is no journal of cutovers") == true)
    }
    #expect(try Data(contentsOf: URL(filePath: file)) == foreign)
    let beside = try FileManager.default.contentsOfDirectory(
      atPath: URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false))
    #expect(beside == ["journal.sqlite"])
  }

  /// What a process left that was killed in the middle of a change: the change is undone by whoever
  /// opens the file to write.
  @Test func aChangeThatAnotherProgramLeftUnfinishedStaysItsOwn() async throws {
    let whole = folder.path("whole.sqlite")
    let database = try DatabaseQueue(path: whole)
    try await database.write { db in
      try db.execute(sql: "CREATE TABLE mine (x); INSERT INTO mine VALUES (zeroblob(100000))")
    }
    try await database.writeWithoutTransaction { [file] db in
      // Pages go to the file before the end.
      try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
      try db.inTransaction {
        try db.execute(sql: "UPDATE mine SET x = zeroblob(200000); UPDATE mine SET x = 'y'")
        for suffix in ["", "-journal"] {
          try FileManager.default.copyItem(atPath: whole + suffix, toPath: file + suffix)
        }
        return .rollback
      }
    }
    let left = try ["", "-journal"].map { try Data(contentsOf: URL(filePath: file + $0)) }
    for attempt in [{ try open() }, { try read() }] {
      let error = #expect(throws: CutoverJournalError.self) { try attempt() }
      #expect(error?.message.contains("holds a change that was not finished") == true)
    }
    #expect(try ["", "-journal"].map { try Data(contentsOf: URL(filePath: file + $0)) } == left)
  }

  @Test func aReaderAndAnotherInstallationChangeNothing() async throws {
    do {
      let journal = try open()
      try await JournalSamples.fill(journal, 3)
    }
    let written = try Data(contentsOf: URL(filePath: file))
    #expect(try await read().verdict().sound == 3)
    #expect(throws: CutoverJournalError.self) { try read("mill") }
    #expect(throws: CutoverJournalError.self) { try open("mill") }
    let next = try #require(try await read().entries(after: 0, limit: 1).first)
    await #expect(throws: CutoverJournalError.self) { try await read().append(next) }
    #expect(try Data(contentsOf: URL(filePath: file)) == written)
  }

  private func tamper(_ sql: String) throws {
    try DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
  }

  private func replaceBytes(of sequence: Int, with bytes: [UInt8]) throws {
    try DatabaseQueue(path: file).write { db in
      try db.execute(
        sql: "UPDATE entry SET bytes = ? WHERE sequence = ?",
        arguments: [Data(bytes), sequence])
    }
  }
}
