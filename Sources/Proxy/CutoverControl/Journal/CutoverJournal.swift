// SPDX-License-Identifier: Apache-2.0

/// Where a journal is kept.
///
/// One process appends at a time. A store takes only the entry that follows its last one, so of two
/// writers that do not know of each other one is refused and looks again.
package protocol CutoverJournal: Sendable {
  /// The installation whose journal it is.
  var installation: String { get }

  /// Stored entries behind a sequence, oldest first, true or not (`JournalVerifier`). They may be
  /// fewer than asked for where they are long; there are none only at the end.
  ///
  /// - Throws: `CutoverJournalError`.
  func entries(after sequence: UInt64, limit: Int) async throws -> [JournalEntry]

  /// Appends an entry. Once this returns the entry outlives the process and the machine.
  ///
  /// - Throws: `CutoverJournalError`; with the code `conflict` when another entry is there already.
  func append(_ entry: JournalEntry) async throws

  /// What is wrong with the store around the entries, in its own words; nil when nothing is.
  ///
  /// - Throws: `CutoverJournalError`.
  func storeFault() async throws -> String?
}

extension CutoverJournal {
  /// A store that checks itself whenever it is read.
  package func storeFault() async throws -> String? { nil }
}

/// A journal that one process at a time may write: two that both carry plans out would each move
/// their own users, and an order would reach one of them.
package protocol ExclusiveCutoverJournal: CutoverJournal {
  /// Takes it until `unlock`, or the end of the process.
  ///
  /// - Returns: false when another process has it.
  /// - Throws: `CutoverJournalError`.
  func lock() throws -> Bool
  func unlock()
  /// The journal, and the process that has it, as far as that is known.
  var holder: (journal: String, process: Int32?) { get }
}

/// A journal beside which is kept what was carried out and cannot be written into it, such as for a
/// full disk: a restart must send nobody back to a side from which they were taken.
package protocol OverdueKeepingJournal: CutoverJournal {
  /// Takes room for it while there is some, and returns what an earlier process kept, oldest first;
  /// some of it may be in the journal by now.
  ///
  /// - Throws: `CutoverJournalError`.
  func openOverdue() throws -> [JournalRecord]

  /// Keeps these and no others. Once this returns they outlive the process and the machine.
  ///
  /// - Throws: `CutoverJournalError`.
  func keepOverdue(_ records: [JournalRecord]) throws
}

/// What went wrong with a journal.
package struct CutoverJournalError: Error, Sendable, CustomStringConvertible {
  /// What a caller can tell apart.
  package enum Code: String, Sendable {
    /// There is no such file, and it was not to be made.
    case missing
    /// It cannot be opened, read or written.
    case unusable
    /// It is the journal of another installation.
    case otherInstallation = "other-installation"
    /// It was made by a newer version.
    case newerFormat = "newer-format"
    /// It is not what was written.
    case broken
    /// Somebody else appended.
    case conflict
    /// Another process on this machine writes it.
    case inUse = "in-use"
    /// No answer came in time; whether the entry is there will show when the journal is read again.
    case timedOut = "timed-out"
    /// Another proxy carries the plans out by now.
    case notLeading = "not-leading"
  }

  package let code: Code
  /// What was wrong and what to do.
  package let message: String
  /// The error underneath, if any.
  package let cause: (any Error)?

  package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message, and the error underneath.
  package var description: String { cause.map { "\(message): \($0)" } ?? message }
}

extension CutoverJournal {
  /// Most entries that are read at once.
  package static var pageSize: Int { 1_000 }
  /// Most bytes of entries that a store reads at once, unless the first one alone has more: one may
  /// hold a state of a mebibyte, and a thousand of those would fill the memory.
  package static var pageBytes: Int { 4 << 20 }

  /// Hands over every entry, oldest first, each one checked before that.
  ///
  /// - Parameter chain: the end of what was read before; nil begins with the first entry.
  /// - Returns: the end of the journal, behind which the next entry goes.
  /// - Throws: `CutoverJournalError`, with the code `broken` and a `JournalFault` as its cause for
  ///   the first entry that is not what was written; and what `body` throws.
  @discardableResult
  package func forEachSound(
    after chain: JournalChain? = nil, _ body: (JournalEntry) throws -> Void = { _ in }
  ) async throws -> JournalChain {
    var verifier =
      chain.map { JournalVerifier(after: $0) } ?? JournalVerifier(installation: installation)
    while true {
      let page = try await entries(after: verifier.sound, limit: Self.pageSize)
      for entry in page {
        do throws(JournalFault) {
          try verifier.check(entry)
        } catch {
          throw CutoverJournalError(
            .broken, "the journal is not what was written; nothing in it is relied on",
            cause: error)
        }
        try body(entry)
      }
      if page.isEmpty { return verifier.end }
    }
  }
}
