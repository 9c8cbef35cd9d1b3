// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

struct DataStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show where each mapping is, what waits, and what its next step needs.",
    discussion: """
      Nothing is changed, and tables are not compared: that does strangler data advance when it
      comes to it, or strangler data verify.

      Ends with 0, or with 2 when the file, a mapping or a store cannot be used.

      EXAMPLES
        strangler data status --config strangler.yaml
        strangler data status --config strangler.yaml --mapping orders --format json
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @Option(help: "Most decisions of each mapping that are shown, the last first, 0 to 1000.")
  var history = 1

  func validate() throws {
    guard (0...1_000).contains(history) else {
      throw ValidationError("--history: expected 0 to 1000")
    }
  }

  func run() async throws {
    let line = ProgressLine(quiet: limit.quiet)
    let report = try await Migrating.open(configuration.file, mapping, limit, line) { all in
      var mappings: [MigrationReport.Mapping] = []
      for migrating in all { mappings.append(try await migrating.report(history: history)) }
      return MigrationReport(file: configuration.file, mappings: mappings)
    }
    Terminal.standardOutput.write(format == .json ? JSONText.encode(report) : report.text)
  }
}

extension Migrating {
  /// Where it is, with its last decisions; changes nothing.
  func report(history: Int) async throws -> MigrationReport.Mapping {
    let migration = try await run.migration()
    var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
    evidence.objections = run.statements.objectionsToFollowing
    evidence.isReversed = run.check.mapping.isReversed
    evidence.backfill = try await run.backfilled()
    evidence.unguarded = try await run.unguarded()
    (evidence.waiting, evidence.refused) = try await run.waiting(migration)
    return MigrationReport.Mapping(
      run.check, migration, try await run.facts(), evidence,
      try await run.history(limit: history))
  }
}
