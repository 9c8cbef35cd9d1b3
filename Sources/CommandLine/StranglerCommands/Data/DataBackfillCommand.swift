// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions
internal import Synchronization

struct DataBackfillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backfill",
    abstract:
      "Copy legacy's rows through the mappings, in chunks; killed, it goes on where it was.",
    discussion: """
      A row whose key the new side has already stays as it is, whoever wrote it: a backfill adds
      what is missing and changes nothing. strangler data verify finds what differs.

      A row that the new side does not take, such as one that refers to a row which comes later, is
      noted as if it had been written, so that strangler data follow carries it over; before
      strangler data advance was called it ends the backfill.

      What legacy writes meanwhile is carried over by strangler data follow, once strangler data
      advance was called: begin the backfill then. Before that, keep both sides quiet.

      The mappings are checked first, as strangler data check does it. The position is kept in the
      new store, in the table \(BackfillPosition.table), in the transaction that adds a chunk's
      rows; there the command needs to be allowed to make that table once, to insert and to select.
      Chunks grow and shrink so that each takes 0.25 to 0.5 s, and wait while many changes do. A
      run behind the end copies what was added there since.

      Ends with 0 when the end is reached, with 1 at a row that has nothing to become or when
      another backfill is at work, with 2 when the file, a mapping or a store cannot be used.

      EXAMPLES
        strangler data backfill --config strangler.yaml --mapping orders --dry-run
        strangler data backfill --config strangler.yaml --mapping orders --throttle 5000
        strangler data backfill --config strangler.yaml
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit

  @Flag(
    name: .customLong("dry-run"), help: "Read and translate everything that is left; write nothing."
  )
  var isDry = false

  @Flag(
    name: .customLong("from-start"),
    help: "Begin again, also after the mapping changed. Rows that are there stay.")
  var fromStart = false

  @Option(help: "Most rows a second, 1 to 10000000.")
  var throttle: Int?

  @Option(name: .customLong("chunk-rows"), help: "Most rows of a chunk, 1 to 1000000.")
  var chunkRows = 50_000

  func validate() throws {
    guard (1...1_000_000).contains(chunkRows) else {
      throw ValidationError("--chunk-rows: expected 1 to 1000000")
    }
    if let throttle, !(1...10_000_000).contains(throttle) {
      throw ValidationError("--throttle: expected 1 to 10000000")
    }
  }

  func run() async throws {
    let (settings, decoded) = try MappingOption.settings(configuration.file)
    let line = ProgressLine(quiet: limit.quiet)
    try await OpenedStores.reading(
      settings, only: mapping.names, within: limit.duration, line
    ) { opened in
      let checks = try mapping.checks(settings, opened, decoded)
      try await inspect(checks, opened, decoded, line)
      for check in checks { try await copy(check, settings, opened, decoded, line) }
    }
  }

  /// Refuses what rows show before anything is written.
  private func inspect(
    _ checks: [MappingCheck], _ opened: OpenedStores, _ decoded: DecodedData, _ line: ProgressLine
  ) async throws {
    var limits = DataInspection.Limits()
    limits.statement = limit.duration
    var findings: [MappingFinding] = []
    for check in checks {
      guard let inspection = DataInspection(check, stores: opened.stores, limits: limits) else {
        continue
      }
      findings += try await inspection.run { question, done, all in
        line.update(question, done: done, of: all)
      }.findings
    }
    let errors = findings.filter { $0.severity == .error }
    if !errors.isEmpty { throw MappingOption.unusable(decoded.placing(errors)) }
  }

  private func copy(
    _ check: MappingCheck, _ settings: DataSettings, _ opened: OpenedStores, _ decoded: DecodedData,
    _ line: ProgressLine
  ) async throws {
    let name = check.mapping.name
    guard let legacy = opened.stores[check.mapping.legacy.store],
      let run = BackfillRun(check, legacy: legacy), let statements = MappingStatements(check)
    else { return }
    let migration = try await opened.migration(of: check.mapping, within: limit.duration)
    if let begun = migration?.fingerprint, !begun.isEmpty, begun != run.fingerprint {
      throw CommandFailure.unusable("\(name): \(MigrationGate.changed)")
    }
    let stores = try MovingStores(check.mapping, settings)
    defer { stores.close() }
    let target = stores.backfill
    let position = try await begin(name, run.fingerprint, target)
    let following = Following(check, stores, migration)
    var limits = BackfillRun.Limits()
    limits.pace.largest = chunkRows
    limits.pace.rate = throttle.map { Double($0) }
    limits.statement = max(limit.duration, .seconds(60))
    limits.watchesNotes = following != nil
    let rows = try await legacy.estimate(statements, within: .seconds(1))?.rows
    let progress = RowProgress(name, of: rows.map { max(0, $0 - Int(position.read)) }, on: line)
    let counted = SeenRows(position.read)
    do {
      let end = try await run.run(
        from: position, into: isDry ? nil : target, limits, noting: following?.noting
      ) { at, _ in
        progress.add(counted.more(at.read))
      }
      line.clear()
      Terminal.standardOutput.write(
        summary(name, from: position, to: end, noted: following?.noted.withLock { $0 } ?? 0))
    } catch let refusal as BackfillRun.Refusal {
      line.clear()
      for diagnostic in decoded.placing([refusal.finding]) {
        Terminal.standardError.write("\(diagnostic)\n")
      }
      throw CommandFailure.negative(
        "\(name): a row has nothing to become; what was copied before it stays, and the next run "
          + "goes on there")
    } catch let failure as StoreFailure {
      line.clear()
      throw Self.ended(name, failure)
    }
  }

  private func begin(
    _ name: String, _ fingerprint: String, _ target: any BackfillTarget
  ) async throws -> BackfillPosition {
    var position = BackfillPosition(fingerprint: fingerprint)
    do {
      let stored = try await target.position(of: name)
      if let stored, !fromStart {
        guard stored.fingerprint == fingerprint else {
          throw CommandFailure.unusable(
            "\(name): the mapping changed since its backfill began; begin again with --from-start")
        }
        guard stored.isFinished, !isDry else { return stored }
        // What follows changes has to know that rows are read again.
        var begun = stored
        begun.isFinished = false
        begun.step += 1
        try await target.begin(name, at: begun)
        return begun
      }
      // Whoever is still at work with the old position writes nothing more.
      position.step = (stored?.step ?? -1) + 1
      if !isDry { try await target.begin(name, at: position) }
      return position
    } catch let failure as StoreFailure {
      throw Self.ended(name, failure)
    }
  }

  private static func ended(_ name: String, _ failure: StoreFailure) -> CommandFailure {
    let end = "the next run goes on where this one ended"
    return switch failure.code {
    case .moved, .fenced: CommandFailure.negative("\(failure)")
    case .full:
      CommandFailure.unusable(
        "\(name): \(failure); nothing of the last chunk was written; make room, and \(end)")
    case .denied:
      CommandFailure.unusable(
        "\(name): \(failure); a backfill needs to select from and insert into the new table, and "
          + "to make the table \(BackfillPosition.table) or to change its rows")
    case .timedOut, .locked, .conflict, .foreign, .unreachable, .unusable:
      CommandFailure.unusable("\(name): \(failure); \(end)")
    }
  }

  private func summary(
    _ name: String, from start: BackfillPosition, to end: BackfillPosition, noted: Int
  ) -> String {
    let read = end.read - start.read
    if isDry { return "\(name): \(read) rows of legacy can be copied; nothing was written\n" }
    let added = end.added - start.added
    let before = start.read > 0 ? "; \(start.read) rows were read before" : ""
    let others =
      noted == 0
      ? ""
      : "; \(noted) were not taken with the rows beside them, and strangler data follow carries them "
        + "over as changes"
    let there = max(0, Int(read - added) - noted)
    return "\(name): \(read) rows read, \(added) added, \(there) there already\(others)\(before)\n"
  }
}

extension DataBackfillCommand {
  /// What notes the rows that the new side does not take.
  private final class Following: Sendable {
    let noted = Mutex(0)
    private let run: MigrationRun
    private let migration: Migration

    /// Nil where legacy does not note its changes.
    init?(_ check: MappingCheck, _ stores: MovingStores, _ migration: Migration?) {
      guard let migration, migration.isSettled, migration.state.role(of: .legacy) == .primary,
        let run = MigrationRun(check, stores)
      else { return nil }
      (self.run, self.migration) = (run, migration)
    }

    var noting: BackfillRun.Noting {
      { keys in
        try await self.run.note(keys, self.migration)
        self.noted.withLock { $0 += keys.count }
      }
    }
  }
}
