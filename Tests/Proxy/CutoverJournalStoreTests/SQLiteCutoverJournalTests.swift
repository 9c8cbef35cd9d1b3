// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverJournalStore
import Foundation
import GRDB
import RoutingDecisions
import Testing

@Suite struct SQLiteCutoverJournalTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("journal.sqlite")
  }

  private func open(_ installation: String? = "shop", creates: Bool = true) throws
    -> SQLiteCutoverJournal
  {
    try SQLiteCutoverJournal(path: file, installation: installation, creates: creates)
  }

  private static func record(_ number: Int) -> JournalRecord {
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
  private func fill(_ journal: SQLiteCutoverJournal, _ count: Int) async throws -> [JournalEntry] {
    var chain = try await journal.forEachSound()
    var entries: [JournalEntry] = []
    for number in 0..<count {
      let entry = try chain.append(Self.record(number))
      try await journal.append(entry)
      entries.append(entry)
    }
    return entries
  }

  @Test func entriesComeBackAsTheyWereAndInPages() async throws {
    let written = try await fill(try open(), 7)
    let journal = try open(creates: false)
    #expect(try await journal.entries(after: 0, limit: 100) == written)
    #expect(try await journal.entries(after: 5, limit: 100) == Array(written.suffix(2)))
    let page = try await journal.page(after: 2, limit: 3)
    #expect(page.entries.map(\.sequence) == [3, 4, 5] && page.next == 5)
    #expect(try await journal.page(after: 5, limit: 3).next == nil)
    let verdict = try await journal.verdict()
    #expect(verdict.sound == 7 && verdict.fault == nil)
    #expect(verdict.head == written.last?.hash.description)
  }

  @Test func aLogThatAPowerCutMayUndoIsNotUsed() async throws {
    let journal = try open()
    #expect(try await journal.synchronous == 2)
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  @Test func theJournalOfAnotherInstallationIsRefusedByName() async throws {
    try await fill(try open("staging"), 2)
    let error = #expect(throws: CutoverJournalError.self) { try open("production") }
    #expect(error?.code == .otherInstallation)
    #expect(
      error?.message.contains(
        "is the journal of the installation \"staging\", not of \"production\"") == true)
    #expect(try open(nil, creates: false).installation == "staging")
  }

  @Test func aJournalThatWasGivenAnotherNameIsFoundOut() async throws {
    try await fill(try open("staging"), 2)
    try tamper("DROP TRIGGER journal_keeps_its_owner; UPDATE journal SET installation = 'shop'")
    let verdict = try await open().verdict()
    #expect(verdict.sound == 0)
    #expect(verdict.fault == "entry 1 does not begin this installation's journal")
  }

  @Test func entriesCannotBeChangedByTheUsualMeans() async throws {
    try await fill(try open(), 2)
    for statement in ["UPDATE entry SET hash = 'x'", "DELETE FROM entry"] {
      #expect(throws: DatabaseError.self) { try tamper(statement) }
    }
  }

  /// Every byte of the last of three entries, one after the other.
  @Test func everyChangedByteIsFound() async throws {
    let written = try await fill(try open(), 3)
    try tamper("DROP TRIGGER entry_is_never_changed")
    let bytes = written[2].canonicalBytes
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x01
      try replaceBytes(of: 3, with: changed)
      do {
        let verdict = try await open(creates: false).verdict()
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

  @Test func aMissingEntryIsFound() async throws {
    try await fill(try open(), 3)
    try tamper("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE sequence = 2")
    let fault = try await open().verdict().fault
    #expect(fault == "entry 3 stands where entry 2 should: some are missing or out of order")
  }

  @Test func ofTwoWritersOneIsRefused() async throws {
    let (one, two) = (try open(), try open())
    var (left, right) = (
      JournalChain(installation: "shop"), JournalChain(installation: "shop")
    )
    try await one.append(try left.append(Self.record(1)))
    let late = try right.append(Self.record(2))
    let error = await #expect(throws: CutoverJournalError.self) { try await two.append(late) }
    #expect(error?.code == .conflict)
    #expect(try await two.entries(after: 0, limit: 9).count == 1)
  }

  @Test func whatIsNoJournalIsSaidToBeNone() throws {
    let error = #expect(throws: CutoverJournalError.self) { try open(creates: false) }
    #expect(error?.code == .missing)
    try Data("this is not a database, and it is long enough to be looked at".utf8)
      .write(to: URL(filePath: file))
    #expect(throws: CutoverJournalError.self) { try open() }
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
