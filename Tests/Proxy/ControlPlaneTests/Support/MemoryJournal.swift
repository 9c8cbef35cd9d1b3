// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Synchronization

/// A journal that lives as long as the test, and can be told to fail.
final class MemoryJournal: OverdueKeepingJournal {
  let installation = "shop"
  private struct State {
    var entries: [JournalEntry] = []
    /// What is kept beside it; nil when nothing can be.
    var overdue: [JournalRecord]? = []
    /// Entries that the disk has room for; nil for any number.
    var room: Int?
    var isStalled = false
    var readingIsStalled = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// What was written.
  var all: [JournalEntry] { state.withLock(\.entries) }

  /// The disk is full.
  func fill(_ isFull: Bool) { state.withLock { $0.room = isFull ? 0 : nil } }

  /// The disk is full after so many entries.
  func leaveRoom(for entries: Int) { state.withLock { $0.room = entries } }

  /// Entries that wait for the disk.
  var waiting: Int { state.withLock(\.waiting.count) }

  /// The disk takes its time: entries wait until it is told otherwise.
  func stall(_ isStalled: Bool) {
    let released: [CheckedContinuation<Void, Never>] = state.withLock { state in
      state.isStalled = isStalled
      defer { if !isStalled { state.waiting = [] } }
      return isStalled ? [] : state.waiting
    }
    for waiter in released { waiter.resume() }
  }

  /// Whoever reads waits until it is told otherwise.
  func stallReading(_ isStalled: Bool) {
    state.withLock { $0.readingIsStalled = isStalled }
    if !isStalled { stall(false) }
  }

  /// What is kept beside it.
  var overdue: [JournalRecord]? { state.withLock(\.overdue) }

  /// From now on nothing can be kept beside it, or what is there stays.
  func keepsNothing() { state.withLock { $0.overdue = nil } }

  func openOverdue() throws -> [JournalRecord] { overdue ?? [] }

  func keepOverdue(_ records: [JournalRecord]) throws {
    try state.withLock { state in
      if state.overdue == nil { throw CutoverJournalError(.unusable, "there is no room") }
      state.overdue = records
    }
  }

  private func waitForDisk(reading: Bool = false) async {
    await withCheckedContinuation { waiter in
      let goesOn = state.withLock { state in
        let isStalled = reading ? state.readingIsStalled : state.isStalled
        if isStalled { state.waiting.append(waiter) }
        return !isStalled
      }
      if goesOn { waiter.resume() }
    }
  }

  func entries(after sequence: UInt64, limit: Int) async throws -> [JournalEntry] {
    await waitForDisk(reading: true)
    return Array(all.dropFirst(Int(sequence)).prefix(limit))
  }

  func append(_ entry: JournalEntry) async throws {
    await waitForDisk()
    try state.withLock { state in
      if state.room == 0 { throw CutoverJournalError(.unusable, "the disk is full") }
      guard entry.sequence == UInt64(state.entries.count) + 1 else {
        throw CutoverJournalError(.conflict, "somebody else wrote")
      }
      state.entries.append(entry)
      if let room = state.room { state.room = room - 1 }
    }
  }
}
