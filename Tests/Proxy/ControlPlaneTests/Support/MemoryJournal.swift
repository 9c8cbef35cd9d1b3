// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Synchronization

/// A journal that lives as long as the test, and can be told to fail.
final class MemoryJournal: CutoverJournal {
  let installation = "shop"
  private struct State {
    var entries: [JournalEntry] = []
    var isFull = false
  }

  private let state = Mutex(State())

  /// What was written.
  var all: [JournalEntry] { state.withLock(\.entries) }

  /// The disk is full.
  func fill(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

  func entries(after sequence: UInt64, limit: Int) async throws -> [JournalEntry] {
    Array(all.dropFirst(Int(sequence)).prefix(limit))
  }

  func append(_ entry: JournalEntry) async throws {
    try state.withLock { state in
      if state.isFull { throw CutoverJournalError(.unusable, "the disk is full") }
      guard entry.sequence == UInt64(state.entries.count) + 1 else {
        throw CutoverJournalError(.conflict, "somebody else wrote")
      }
      state.entries.append(entry)
    }
  }
}
