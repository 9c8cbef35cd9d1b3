// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import Testing

/// What every store of journals has to do, whatever it is made of.
@Suite("Stores of journals", .timeLimit(.minutes(3)))
struct JournalConformanceTests {
  @Test(arguments: JournalStore.all)
  func entriesComeBackAsTheyWereAndInPages(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    let written = try await JournalSamples.fill(try await store.open("shop"), 7)
    let journal = try await store.read(nil)
    #expect(try await journal.entries(after: 0, limit: 100) == written)
    #expect(try await journal.entries(after: 5, limit: 100) == Array(written.suffix(2)))
    let page = try await journal.page(after: 2, limit: 3)
    #expect(page.entries.map(\.sequence) == [3, 4, 5] && page.next == 5)
    #expect(try await journal.page(after: 5, limit: 3).next == nil)
    let verdict = try await journal.verdict()
    #expect(verdict.installation == "shop" && verdict.sound == 7 && verdict.fault == nil)
    #expect(verdict.head == written.last?.hash.description)
  }

  @Test(arguments: JournalStore.all)
  func aPageHoldsSoManyBytesAndAtLeastOneEntry(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    let journal = try await store.open("shop")
    var chain = try await journal.forEachSound()
    var written: [JournalEntry] = []
    for number in 0..<5 {
      var record = JournalSamples.record(number)
      record.state = String(repeating: "x", count: JournalChain.longestState)
      written.append(try chain.append(record))
      try await journal.append(written[number])
    }
    // Of four mebibytes; a fourth entry would be more, with its head.
    #expect(try await journal.entries(after: 0, limit: 100) == Array(written.prefix(3)))
    #expect(try await journal.entries(after: 4, limit: 100) == [written[4]])
    var read: [JournalEntry] = []
    let end = try await journal.forEachSound { read.append($0) }
    #expect(end == chain && read == written)
    let page = try await journal.page(after: 0, limit: 100)
    #expect(page.entries.count == 3 && page.next == 3)
    #expect(try await journal.page(after: 3, limit: 100).next == nil)
  }

  @Test(arguments: JournalStore.all)
  func ofTwoWritersOneIsRefused(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    let (one, two) = (try await store.open("shop"), try await store.open("shop"))
    var (left, right) = (JournalChain(installation: "shop"), JournalChain(installation: "shop"))
    try await one.append(try left.append(JournalSamples.record(1)))
    let late = try right.append(JournalSamples.record(2))
    let error = await #expect(throws: CutoverJournalError.self) { try await two.append(late) }
    #expect(error?.code == .conflict)
    #expect(try await two.entries(after: 0, limit: 9).count == 1)
  }

  @Test(arguments: JournalStore.all)
  func ofManyThatWriteAtOnceOneIsTakenAtATime(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    let writers = 4
    // The first one makes the tables.
    _ = try await JournalSamples.fill(try await store.open("shop"), 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask {
          let journal = try await store.open("shop")
          var chain = try await journal.forEachSound()
          var written = 0
          while written < 5 {
            do {
              try await journal.append(
                try chain.append(JournalSamples.record(100 * writer + written)))
              written += 1
            } catch let error as CutoverJournalError {
              try #require(error.code == .conflict, "\(error)")
              chain = try await journal.forEachSound()
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let verdict = try await store.read("shop").verdict()
    #expect(verdict.fault == nil && verdict.sound == UInt64(1 + writers * 5))
  }

  @Test(arguments: JournalStore.all)
  func theJournalOfAnotherInstallationIsRefusedByName(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    try await JournalSamples.fill(try await store.open("staging"), 2)
    let error = await #expect(throws: CutoverJournalError.self) {
      _ = try await store.open("production").entries(after: 0, limit: 1)
    }
    #expect(error?.code == .otherInstallation)
    #expect(
      error?.message.contains(
        "is the journal of the installation \"staging\", not of \"production\"") == true)
    let reader = await #expect(throws: CutoverJournalError.self) {
      _ = try await store.read("production")
    }
    #expect(reader?.code == .otherInstallation)
    #expect(try await store.read(nil).installation == "staging")
  }

  @Test(arguments: JournalStore.all)
  func whereThereIsNoneNoneIsMadeByReading(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    let error = await #expect(throws: CutoverJournalError.self) { _ = try await store.read("shop") }
    #expect(error?.code == .missing)
  }

  @Test(arguments: JournalStore.all)
  func entriesCannotBeChangedByTheUsualMeans(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    try await JournalSamples.fill(try await store.open("shop"), 2)
    for statement in ["UPDATE ENTRY SET hash = 'x'", "DELETE FROM ENTRY"] {
      await #expect(throws: (any Error).self) { try await store.tamper(statement) }
    }
    await #expect(throws: (any Error).self) {
      try await store.tamper("UPDATE JOURNAL SET installation = 'other'")
    }
    #expect(try await store.read("shop").verdict().sound == 2)
  }

  @Test(arguments: JournalStore.all)
  func whatIsChangedByOtherMeansIsFound(_ kind: JournalStore) async throws {
    let store = try await kind.make()
    try await JournalSamples.fill(try await store.open("shop"), 3)
    try await store.disarm()
    try await store.tamper("DELETE FROM ENTRY WHERE sequence = 2")
    let fault = try await store.read("shop").verdict().fault
    #expect(fault == "entry 3 stands where entry 2 should: some are missing or out of order")
    try await store.tamper("UPDATE JOURNAL SET installation = 'other'")
    let other = try await store.read("other").verdict()
    #expect(other.sound == 0)
    #expect(other.fault == "entry 1 does not begin this installation's journal")
  }
}
