// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverJournalStore
import CutoverScenario
import Foundation
import RoutingDecisions
import Testing

/// What is kept beside a journal that cannot be written.
@Suite struct OverdueFileTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("journal.sqlite")
  }

  private static func record(_ number: Int, state: String? = nil) -> JournalRecord {
    JournalRecord(
      .moved, time: Int64(number), actor: "ann", reason: "no \(number): ü,\n5:x",
      moves: [.init(route: "orders", from: .hundredths(100 + number), to: .zero)],
      configurationHash: "ab", state: state, evidence: "e")
  }

  private func journal(_ installation: String = "shop") throws -> SQLiteCutoverJournal {
    try SQLiteCutoverJournal(writing: file, installation: installation)
  }

  @Test func whatIsKeptIsFoundByTheNextProcess() throws {
    let first = try journal()
    #expect(try first.openOverdue().isEmpty)
    for count in [1, 3, 0, 2] {
      let records = (0..<count).map { Self.record($0, state: $0 == 1 ? "{\"a\":1}" : nil) }
      try first.keepOverdue(records)
      #expect(try journal().openOverdue() == records)
      // One that goes on from there does not fall behind what was there before.
      let later = try journal()
      #expect(try later.openOverdue() == records)
      try later.keepOverdue(records)
      #expect(try first.openOverdue() == records)
    }
    let mode = try FileManager.default.attributesOfItem(atPath: file + "-overdue")
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  @Test("Its room is taken before it is needed, and no more of it")
  func room() throws {
    let journal = try journal()
    _ = try journal.openOverdue()
    func size() throws -> Int {
      try #require(
        FileManager.default.attributesOfItem(atPath: file + "-overdue")[.size] as? Int)
    }
    let taken = try size()
    #expect(taken == 256 << 10)
    for number in 0..<5 { try journal.keepOverdue([Self.record(number)]) }
    #expect(try size() == taken)
    let large = Self.record(1, state: String(repeating: "x", count: 200_000))
    #expect(throws: CutoverJournalError.self) { try journal.keepOverdue([large]) }
    #expect(try journal.openOverdue() == [Self.record(4)])
  }

  @Test("A write that a crash tore leaves the one before", arguments: [0, 40, 200, 300])
  func torn(bytes: Int) throws {
    let journal = try journal()
    _ = try journal.openOverdue()
    try journal.keepOverdue([Self.record(1)])
    let before = try Data(contentsOf: URL(filePath: file + "-overdue"))
    try journal.keepOverdue([Self.record(2), Self.record(3)])
    var torn = try Data(contentsOf: URL(filePath: file + "-overdue"))
    // The first write went to the second slot, this one to the first.
    torn.replaceSubrange(bytes..<(128 << 10), with: before[bytes..<(128 << 10)])
    try torn.write(to: URL(filePath: file + "-overdue"))
    #expect(try self.journal().openOverdue() == [Self.record(1)])
  }

  @Test func thatOfAnotherInstallationIsNotGoneOnWith() throws {
    let journal = try journal()
    _ = try journal.openOverdue()
    try journal.keepOverdue([Self.record(1)])
    let other = folder.path("other.sqlite")
    try FileManager.default.copyItem(atPath: file + "-overdue", toPath: other + "-overdue")
    let stranger = try SQLiteCutoverJournal(writing: other, installation: "mill")
    #expect(try stranger.openOverdue().isEmpty)
  }

  @Test("No byte of it can be changed unseen")
  func flippedBytes() throws {
    let records = [Self.record(1), Self.record(2)]
    let bytes = try OverdueRecords(generation: 7, records: records).bytes(installation: "shop")
    #expect(OverdueRecords(bytes, installation: "shop")?.records == records)
    #expect(OverdueRecords(bytes + [0, 0, 0], installation: "shop")?.generation == 7)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(OverdueRecords(changed, installation: "shop") == nil, "byte \(index)")
      #expect(OverdueRecords(Array(bytes[..<index]), installation: "shop") == nil)
    }
  }
}
