// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ControlPlane
internal import CutoverControl
internal import Foundation

struct CutoverHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List who moved what, when, from where to where, and why.",
    discussion: """
      Asks the proxy, or reads the journal itself with --journal, which works without a proxy too.
      The states that are written in between are left out of the text. The chain of hashes is
      checked too: a journal that is not what was written is listed all the same, with a warning,
      and ends with 1.

      EXAMPLES
        strangler cutover history
        strangler cutover history --route orders --format json
        strangler cutover history --journal journal.sqlite
        strangler cutover history --journal 'postgresql://audit@db/strangler?sslmode=verify-full'
      """)

  @OptionGroup var admin: AdminOption
  @OptionGroup var journal: JournalOption

  @Option(help: "Only entries that moved this route.")
  var route: String?

  @Option(help: "Only entries of this cutover, and those that moved its routes otherwise.")
  var cutover: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    var entries: [JournalEntryReport] = []
    var after: UInt64? = 0
    while let start = after {
      let page = try await page(after: start)
      entries += page.entries
      after = page.next
    }
    try await checkNames(in: entries)
    // Whoever moved the routes of a cutover otherwise belongs to its history.
    let its = Set(
      entries.filter { $0.cutover == cutover }.flatMap { $0.moves.map(\.route) })
    entries = entries.filter { entry in
      (route.map { name in entry.moves.contains { $0.route == name } } ?? true)
        && (cutover.map {
          $0 == entry.cutover
            || entry.cutover == nil && entry.moves.contains { its.contains($0.route) }
        } ?? true)
    }
    Terminal.standardOutput.write(
      format == .json
        ? CutoverText.json(entries) : CutoverText.history(entries.filter { !$0.isState }))
    let verdict = try await CutoverVerifyCommand.verdict(journal, admin)
    if let fault = verdict.fault {
      throw CommandFailure.negative(
        "do not rely on this list: \(fault); \(verdict.sound) entries before it are what was written"
      )
    }
  }

  /// A name that neither the journal nor the proxy knows is a slip, not an empty history.
  private func checkNames(in entries: [JournalEntryReport]) async throws {
    var routes = Set(entries.flatMap { $0.moves.map(\.route) })
    var cutovers = Set(entries.compactMap(\.cutover))
    if route.map(routes.contains) ?? true, cutover.map(cutovers.contains) ?? true { return }
    if try await journal.open() == nil {
      let overview: CutoverOverview = try await admin.connect().get("/cutovers").decoded()
      routes.formUnion(overview.routes.map(\.name))
      cutovers.formUnion(overview.cutovers.map(\.name))
    }
    for (kind, name, known) in [("route", route, routes), ("cutover", cutover, cutovers)] {
      guard let name, !known.contains(name) else { continue }
      throw CommandFailure.unusable(
        "nothing is known of a \(kind) \"\(name)\""
          + (known.isEmpty ? "" : "; known are \(known.sorted().joined(separator: ", "))"))
    }
  }

  private func page(after sequence: UInt64) async throws -> JournalPage {
    if let file = try await journal.open() {
      return try await JournalOption.reading {
        try await file.page(after: sequence, limit: JournalPage.limit)
      }
    }
    return try await admin.connect()
      .get("/journal?after=\(sequence)&limit=\(JournalPage.limit)").decoded()
  }
}
