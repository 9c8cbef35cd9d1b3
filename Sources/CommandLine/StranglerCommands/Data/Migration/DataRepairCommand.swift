// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import Foundation
internal import MappedStores

struct DataRepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Carry rows that differ over again, from the side that is written.",
    discussion: """
      Both sides are compared, and what differs is shown; with --apply it is noted on the side that
      takes the writes as if it had been written there, and carried over in order with all other
      changes: rows that are missing are added, rows that differ written again, and rows that the
      other side alone has deleted. Then both sides are compared again. The journal keeps who did
      it, and why.

      Triggers that somebody took away, such as by making the table anew, are put back first, as
      they would not note what is written meanwhile.

      Rows that were written during the comparison may be among them; to carry those over again
      changes nothing.

      Ends with 0 when both sides are equal in the end, with 1 when they are not, with 2 when the
      file, the mapping or a store cannot be used.

      EXAMPLES
        strangler data repair orders
        strangler data repair orders --apply --reason 'rows of the night of the outage'
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var limit: StatementLimit

  @Argument(help: "Mapping of the section data.")
  var mapping: String

  @Flag(help: "Carry them over again; without it nothing is written.")
  var apply = false

  @Option(help: "Why; it is kept. Needed with --apply.")
  var reason: String?

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  @Option(help: "Most rows of each kind that are shown, 0 to 10000.")
  var list = 20

  @Option(name: .customLong("limit"), help: "Most rows of each kind that are mended, 1 to 1000000.")
  var mostRows = 100_000

  func validate() throws {
    if apply, reason?.isEmpty != false {
      throw ValidationError("--reason: missing; it is kept")
    }
    try LetterOrderOptions.checkLengths(reason: reason, actor: actor)
    guard (0...10_000).contains(list), (1...1_000_000).contains(mostRows) else {
      throw ValidationError("--list: expected 0 to 10000; --limit: expected 1 to 1000000")
    }
  }

  func run() async throws {
    let line = ProgressLine(quiet: limit.quiet)
    let isEqual = try await Migrating.open(
      configuration.file, MappingOption(mapping), limit, line
    ) { all in
      guard let migrating = all.first else { return false }
      return try await mend(migrating, line)
    }
    guard isEqual else { throw CommandFailure.negativeAnswer }
  }

  private func mend(_ migrating: Migrating, _ line: ProgressLine) async throws -> Bool {
    let (run, name) = (migrating.run, migrating.name)
    let migration = try await run.migration()
    let isGuarded = try await guardTables(run, migration)
    let progress = RowProgress("\(name): comparing both sides", of: nil, on: line)
    guard let found = try await run.verification(listed: mostRows, progress: { progress.add($0) })
    else { return false }
    line.clear()
    if found.isEqual {
      Terminal.standardOutput.write("\(name): equal; there is nothing to mend\n")
      return isGuarded
    }
    show(found, name)
    guard apply else {
      let follows = try run.carrier(migration) != nil
      Terminal.standardOutput.write(
        "\(name): \(follows ? Self.change(found, migration, run.check) : Self.standstill(migration))\n"
      )
      return false
    }
    guard let noted = try await run.mend(found.drifts, migration, author) else {
      throw CommandFailure.negative("\(name): \(Self.standstill(migration))")
    }
    let left = try await run.comparison(migration) { progress.add($0) }
    line.clear()
    let isEqual = if case .equal = left { true } else { false }
    Terminal.standardOutput.write(
      "\(name): \(noted) rows carried over again; \(isEqual ? "equal now" : Self.rest(left))\n")
    return isEqual
  }

  private var author: MigrationRun.Author {
    MigrationRun.Author(actor: actor ?? ProcessInfo.processInfo.userName, reason: reason ?? "") {
      UnixTime.milliseconds()
    }
  }

  /// Puts triggers back that are gone, or says so: what is written past them, no comparison that is
  /// made before sees.
  ///
  /// - Returns: whether all of them are there now.
  private func guardTables(_ run: MigrationRun, _ migration: Migration) async throws -> Bool {
    let name = run.check.mapping.name
    if apply {
      let tables = try await run.rearm(migration, author)
      if !tables.isEmpty {
        Terminal.standardOutput.write(
          "\(name): triggers of \(tables.joined(separator: " and ")) put back\n")
      }
      return true
    }
    let tables = try await run.unguarded()
    if tables.isEmpty { return true }
    Terminal.standardOutput.write("\(name): \(MigrationGate.unguarded(tables))\n")
    return false
  }

  private static func standstill(_ migration: Migration) -> String {
    "at \(migration.state.rawValue) no side follows the other, so nothing can be mended; strangler "
      + "data advance begins that"
  }

  /// What `--apply` would do, and where.
  private static func change(
    _ found: Verification, _ migration: Migration, _ check: MappingCheck
  ) -> String {
    let (missing, extra) = (found.counts[.missing], found.counts[.extra])
    let isLegacy = migration.state.owner == .legacy
    let (added, deleted) = isLegacy ? (missing, extra) : (extra, missing)
    let place = isLegacy ? check.mapping.new : check.mapping.legacy
    return "--apply would add \(added) rows of \(place), write over "
      + "\(found.counts.all - missing - extra) and delete \(deleted); nothing was written"
  }

  private static func rest(_ left: MigrationEvidence.Comparison) -> String {
    if case .differs(let rows) = left { "\(rows) rows still differ" } else { "not compared" }
  }

  private func show(_ found: Verification, _ name: String) {
    for kind in Drift.Kind.allCases where found.counts[kind] > 0 {
      Terminal.standardOutput.write("\(name): \(found.counts[kind]) \(kind.rawValue)\n")
      for drift in found.drifts.lazy.filter({ $0.kind == kind }).prefix(list) {
        Terminal.standardOutput.write("\(DataVerifyReport.Row(drift).text)\n")
      }
    }
  }
}
