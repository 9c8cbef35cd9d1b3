// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// How a comparison of tables is written.
enum DataReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, html
}

struct DataVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare every row of both sides: what legacy's become with what the new side has.",
    discussion: """
      Each store is read within one snapshot, and between the two nobody may write the mapped
      tables, or what is written shows up as a difference. With --live they are written meanwhile,
      and no change that is on its way is one: a chunk of rows is compared at one position of the
      stream of changes, at which everything but the rows with a note is the same on both sides;
      those are carried over and looked at again. It takes a mapping that strangler data advance
      has let follow, and a backfill that is at its end.

        missing   legacy has the row, the new side does not
        extra     the new side has a row that legacy does not
        differs   a column says something else
        encoding  both say the same, in another encoding: text read in the wrong one, letters and
                  accents taken apart, numbers stored as texts
        stale     with --live: the side that follows is behind, since changes were refused

      While the new side takes the writes, columns with reverse: false are left out: what it writes
      there, legacy does not have.

      All rows are counted, and --list of each kind shown with the columns that differ. Tables
      without a difference are read once, others up to three times or more. Nothing is written,
      but for what --live carries over.

      Ends with 0 when all is equal, with 1 when it is not or where --live finds that no side
      follows, with 2 when the file, a mapping or a
      store cannot be used.

      EXAMPLES
        strangler data verify --config strangler.yaml
        strangler data verify --config strangler.yaml --live --chunk-rows 500
        strangler data verify --config strangler.yaml --mapping orders --list 100
        strangler data verify --config strangler.yaml --format html --output orders.html
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit
  @OptionGroup var output: OutputOption

  @Option(help: "text, json or html.")
  var format = DataReportFormat.text

  @Option(help: "Rows of each kind that are shown, 0 to 10000.")
  var list = 20

  @Flag(help: "Compare while both sides are written, through the stream of changes.")
  var live = false

  @Option(name: .customLong("chunk-rows"), help: "Rows of a chunk with --live, 1 to 100000.")
  var chunkRows = 1_000

  func validate() throws {
    guard (1...100_000).contains(chunkRows) else {
      throw ValidationError("--chunk-rows: expected 1 to 100000")
    }
    guard (0...10_000).contains(list) else {
      throw ValidationError("--list: expected 0 to 10000")
    }
  }

  func run() async throws {
    let (settings, decoded) = try MappingOption.settings(configuration.file)
    try refuseReplacing(settings)
    let line = ProgressLine(quiet: limit.quiet)
    let report =
      live
      ? try await Migrating.open(configuration.file, mapping, limit, line) {
        try await compare($0, line)
      }
      : try await OpenedStores.reading(
        settings, only: mapping.names, within: limit.duration, line
      ) {
        try await compare(settings, $0, decoded, line)
      }
    switch format {
    case .text: try output.deliver(report.text)
    case .json: try output.deliver(JSONText.encode(report))
    case .html: try output.deliver(report.html)
    }
    guard report.equal else { throw CommandFailure.negativeAnswer }
  }

  /// The report is not written over what it is made of.
  private func refuseReplacing(_ settings: DataSettings) throws {
    guard let answer = output.file else { return }
    let stores = settings.stores.compactMap { store in
      if case .file(let path) = store.place { path } else { nil }
    }
    for file in [configuration.file] + stores where OutputOption.isSame(answer, file) {
      throw CommandFailure.unusable("--output: \(file) is read; the report would replace it")
    }
  }

  private func compare(
    _ settings: DataSettings, _ opened: OpenedStores, _ decoded: DecodedData, _ line: ProgressLine
  ) async throws -> DataVerifyReport {
    var limits = Verification.Limits()
    limits.listed = list
    var mappings: [DataVerifyReport.Mapping] = []
    for check in try mapping.checks(settings, opened, decoded) {
      let name = check.mapping.name
      let owner =
        try await opened.migration(of: check.mapping, within: limit.duration)?.state.owner
        ?? .legacy
      guard let translation = check.translation,
        let run = VerificationRun(check, stores: opened.stores, writtenOn: owner)
      else { continue }
      guard RowDigests.canTellTenants(translation) else {
        throw CommandFailure.unusable(
          "\(name): no column of \(check.mapping.new) says which tenant a row is of, so rows of "
            + "other tenants cannot be told from its own")
      }
      let rows = try await estimate(check, opened)
      let progress = RowProgress("\(name): reading both sides", of: rows.map { 2 * $0 }, on: line)
      let passes = PassNames(name, progress, rows: 2 * (rows ?? 0))
      let verification = try await run.run(limits) { step, count in
        passes.enter(step)
        progress.add(count)
      }
      mappings.append(DataVerifyReport.Mapping(check, verification, writtenOn: owner))
    }
    return DataVerifyReport(file: configuration.file, mappings: mappings)
  }

  /// Compares while both sides are written.
  private func compare(
    _ all: [Migrating], _ line: ProgressLine
  ) async throws -> DataVerifyReport {
    var limits = LiveVerificationRun.Limits()
    limits.found.listed = list
    limits.chunk = chunkRows
    var mappings: [DataVerifyReport.Mapping] = []
    for migrating in all {
      let (run, name) = (migrating.run, migrating.name)
      let rows = try await estimate(run.check, migrating.opened)
      let progress = RowProgress("\(name): reading both sides", of: rows.map { 2 * $0 }, on: line)
      let owner = try await run.migration().state.owner
      let comparing = try await migrating.liveComparison(limits)
      let found = try await comparing.run { progress.add($0) }
      mappings.append(DataVerifyReport.Mapping(run.check, found, writtenOn: owner))
    }
    return DataVerifyReport(file: configuration.file, mappings: mappings)
  }

  /// Nil where counting takes too long: then there is no bar.
  private func estimate(_ check: MappingCheck, _ opened: OpenedStores) async throws -> Int? {
    guard Terminal.standardError.isInteractive, !limit.quiet,
      let statements = MappingStatements(check),
      let store = opened.stores[check.mapping.legacy.store]
    else { return nil }
    return try await store.estimate(statements, within: .seconds(1))?.rows
  }
}

extension Migrating {
  /// What compares both sides while they are written.
  ///
  /// - Throws: a negative answer where no side follows the other, or not all rows are copied.
  func liveComparison(_ limits: LiveVerificationRun.Limits) async throws -> LiveVerificationRun {
    let migration = try await run.migration()
    guard let comparing = try run.liveVerification(migration, limits) else {
      throw CommandFailure.negative(
        "\(name) is at \(migration.state.rawValue), where no side follows the other; leave "
          + "--live out, with both sides quiet, or let it follow by strangler data advance")
    }
    if migration.state.owner == .legacy, try await run.backfilled() != .finished {
      throw CommandFailure.negative(
        "\(name): legacy's rows are not all copied; run strangler data backfill")
    }
    return comparing
  }
}
