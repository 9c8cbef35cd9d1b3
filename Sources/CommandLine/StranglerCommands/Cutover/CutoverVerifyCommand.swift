// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ControlPlane
internal import CutoverControl
internal import CutoverJournalStore
internal import Foundation

struct CutoverVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that the journal is what was written, from the first entry to the last.",
    discussion: """
      Each entry is tied to the one before it by its SHA-256 hash, the first to the installation's
      name. Entries that were cut off at the end show only beside a hash that was kept elsewhere:
      keep the one that is printed, and give it with --head the next time. Of a file, SQLite's own
      check looks at what lies around the entries.

      EXAMPLES
        strangler cutover verify
        strangler cutover verify --journal journal.sqlite --installation shop-production
        strangler cutover verify --head 9f2c...
      """)

  @OptionGroup var admin: AdminOption
  @OptionGroup var journal: JournalOption

  @Option(help: "Hash that an entry of the journal must have.")
  var head: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let verdict = try await Self.verdict(journal, admin)
    if format == .json { Terminal.standardOutput.write(CutoverText.json(verdict)) }
    if let fault = verdict.fault {
      throw CommandFailure.negative(
        "\(fault); \(verdict.sound) entries before it are what was written")
    }
    if let head, try await !knows(head, verdict) {
      throw CommandFailure.negative(
        "no entry has the hash \(head): entries were cut off, or all were written anew")
    }
    if format == .text { Terminal.standardOutput.write(CutoverText.verdict(verdict)) }
  }

  /// Checks the whole journal.
  static func verdict(
    _ journal: JournalOption, _ admin: AdminOption
  ) async throws -> JournalVerdict {
    if let file = try await journal.open() {
      return try await JournalOption.reading { try await file.verdict() }
    }
    return try await admin.connect().get("/journal/verify").decoded()
  }

  private func knows(_ head: String, _ verdict: JournalVerdict) async throws -> Bool {
    if verdict.head == head { return true }
    var after: UInt64? = 0
    while let start = after {
      let page: JournalPage
      if let file = try await journal.open() {
        page = try await JournalOption.reading {
          try await file.page(after: start, limit: JournalPage.limit)
        }
      } else {
        page = try await admin.connect()
          .get("/journal?after=\(start)&limit=\(JournalPage.limit)").decoded()
      }
      if page.entries.contains(where: { $0.hash == head }) { return true }
      after = page.next
    }
    return false
  }
}

/// A journal's own store, for when there is no proxy to ask or none to trust.
struct JournalOption: ParsableArguments {
  @Option(
    name: .customLong("journal"),
    help: "The journal's file or its postgresql:// address, instead of asking a proxy.")
  var place: String?

  @Option(help: "Whose journal it must be; the journal's own word when not given.")
  var installation: String?

  /// nil when a proxy is to be asked.
  func open() async throws -> (any CutoverJournal)? {
    do {
      guard let place else { return nil }
      return try await JournalPlace.reading(place, installation: installation)
    } catch let error as CutoverJournalError {
      throw CommandFailure.unusable(error.description)
    }
  }

  static func reading<Value>(_ read: () async throws -> Value) async throws -> Value {
    do {
      return try await read()
    } catch let error as CutoverJournalError {
      throw error.code == .broken
        ? CommandFailure.negative(error.description) : .unusable(error.description)
    }
  }
}
