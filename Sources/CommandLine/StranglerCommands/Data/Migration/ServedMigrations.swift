// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import ControlPlane
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// The mappings of a configuration for the admin API of the proxy that has it.
///
/// The file is read and the stores are opened for each look and each order, as the commands do it:
/// a store that was away for a while is there again, and a mapping that was changed is seen.
struct ServedMigrations: DataMover {
  /// Most rows of each kind that a comparison shows.
  private static let listed = 20
  /// Rows of a chunk in a plan, and most rows that a check looks at for each question, as the
  /// commands have them.
  private static let (chunkRows, rows) = (10_000, 1_000)
  /// Seconds after which a statement is given up.
  private static let timeout = 10.0

  let file: String

  /// Nil where the configuration has no section data.
  init?(_ file: String) {
    if ConfigurationFile.data(file).isAbsent { return nil }
    self.file = file
  }

  private var limit: StatementLimit { StatementLimit(seconds: Self.timeout) }

  func mappings(history: Int) async throws -> [DataMappingStatus] {
    try await open(.all) { all in
      var mappings: [DataMappingStatus] = []
      for migrating in all {
        let position = try await migrating.run.stores.backfill.position(of: migrating.name)
        mappings.append(
          DataMappingStatus(
            try await migrating.report(history: history), rows: position.map { Int($0.read) }))
      }
      return mappings
    }
  }

  func carryOut(_ order: DataOrder) async throws -> DataOutcome {
    let author = MigrationRun.Author(actor: order.actor, reason: order.reason) {
      UnixTime.milliseconds()
    }
    switch order.action {
    case .advance, .retreat:
      let answer = try await open(named: order.mapping) { migrating in
        try await migrating.give(
          order.action == .advance ? .advance : .retreat, by: author, limit,
          acceptsNoReturn: false, ProgressLine(quiet: true))
      }
      return DataOutcome(
        missing: answer.missing, turnedBack: answer.turnedBack,
        pauseMilliseconds: answer.pauseMilliseconds)
    case .cutover, .retire:
      let answer = try await open(named: order.mapping) { migrating in
        try await Migrating.move(
          order.action == .cutover ? .cutover : .retire, [migrating], by: author, limit,
          ProgressLine(quiet: true))[0]
      }
      return DataOutcome(
        missing: answer.missing, turnedBack: answer.turnedBack,
        pauseMilliseconds: answer.pauseMilliseconds)
    case .backfill:
      let arguments = ["--config", file, "--quiet", "--mapping=\(order.mapping)"]
      return try await run { try await DataBackfillCommand.parse(arguments).run() }
    case .repair:
      let words = ["--apply", "--reason=\(order.reason)", "--actor=\(order.actor)"]
      let arguments = ["--config", file, "--quiet"] + words + ["--", order.mapping]
      return try await run { try await DataRepairCommand.parse(arguments).run() }
    }
  }

  /// Runs a command, whose own answer goes where the proxy writes.
  private func run(_ command: () async throws -> Void) async throws -> DataOutcome {
    do {
      try await command()
      return DataOutcome(missing: [], turnedBack: nil, pauseMilliseconds: 0)
    } catch is ExitCode {
      return DataOutcome(
        missing: ["both sides still differ, which a comparison shows"], turnedBack: nil,
        pauseMilliseconds: 0)
    } catch let failure as CommandFailure {
      let text = ([failure.message] + failure.details).joined(separator: "; ")
      guard failure.exitCode == CommandFailure.negativeAnswer else {
        throw DataRefusal.unusable(text + ".")
      }
      return DataOutcome(missing: [text], turnedBack: nil, pauseMilliseconds: 0)
    }
  }

  func verify(
    _ mapping: String, progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> DataComparison {
    var limits = LiveVerificationRun.Limits()
    limits.found.listed = Self.listed
    let limitsOfRun = limits
    return try await open(named: mapping) { migrating in
      let comparing = try await migrating.liveComparison(limitsOfRun)
      return DataComparison(try await comparing.run(progress: progress))
    }
  }

  func plan(_ mapping: String) async throws -> DataMappingPlan {
    try await reading(mapping) { settings, opened, decoded in
      let plan = try await DataPlan(
        settings, only: [mapping], opened, decoded, chunkRows: Self.chunkRows, within: limit,
        ProgressLine(quiet: true))
      guard let table = plan.tables.first else {
        throw DataRefusal.unusable("\(mapping): the mapping cannot be used")
      }
      return DataMappingPlan(table: table, warnings: plan.warnings)
    }
  }

  func check(_ mapping: String) async throws -> DataMappingCheck {
    try await reading(mapping) { settings, opened, decoded in
      let report = try await DataCheckReport(
        file, settings, only: [mapping], opened, decoded, within: limit, rows: Self.rows,
        ProgressLine(quiet: true))
      return DataMappingCheck(
        isUsable: report.isUsable, findings: report.diagnostics,
        questions: report.mappings.flatMap(\.questions))
    }
  }

  private func reading<Value>(
    _ mapping: String,
    _ body: (DataSettings, OpenedStores, DecodedData) async throws -> Value
  ) async throws -> Value {
    do {
      let (settings, decoded) = try MappingOption.settings(file)
      return try await OpenedStores.reading(
        settings, only: [mapping], within: limit.duration, ProgressLine(quiet: true)
      ) { try await body(settings, $0, decoded) }
    } catch let failure as CommandFailure {
      throw DataRefusal.unusable(Self.text(failure))
    }
  }

  private static func text(_ failure: CommandFailure) -> String {
    ([failure.message] + failure.details).joined(separator: "; ") + "."
  }

  private func open<Value>(
    named name: String, _ body: (Migrating) async throws -> Value
  ) async throws -> Value {
    try await open(MappingOption(name)) { all in
      guard let migrating = all.first else {
        throw DataRefusal.unusable("\(name): the mapping cannot be used")
      }
      return try await body(migrating)
    }
  }

  private func open<Value>(
    _ mapping: MappingOption, _ body: ([Migrating]) async throws -> Value
  ) async throws -> Value {
    do {
      return try await Migrating.open(
        file, mapping, limit, ProgressLine(quiet: true), MigrationRun.Limits(), body)
    } catch let failure as CommandFailure {
      throw failure.exitCode == CommandFailure.negativeAnswer
        ? DataRefusal.unfit(Self.text(failure)) : .unusable(Self.text(failure))
    }
  }
}

extension DataMappingStatus {
  /// - Parameter rows: legacy rows that the backfill has read; nil before it began.
  fileprivate init(_ mapping: MigrationReport.Mapping, rows: Int?) {
    self.init(
      name: mapping.name, from: mapping.from, to: mapping.to,
      way: Way(
        state: mapping.state, target: mapping.target, isSettled: mapping.settled,
        states: MigrationState.allCases.map(\.rawValue), summary: mapping.summary,
        writes: mapping.writes, reads: mapping.reads,
        next: mapping.next.isEmpty ? nil : mapping.next,
        back: mapping.back.isEmpty ? nil : mapping.back),
      epoch: Int(mapping.epoch), legacyFence: mapping.legacyFence, newFence: mapping.newFence,
      waiting: mapping.waiting, refused: mapping.refused,
      backfill: Backfill(state: mapping.backfill, rows: rows),
      gates: mapping.gates.map { Gate(name: $0.name, outcome: $0.outcome, missing: $0.missing) },
      history: mapping.history.map { decision in
        Decision(
          at: decision.at, actor: decision.actor, reason: decision.reason,
          action: decision.action, from: decision.from, to: decision.to,
          epoch: Int(decision.epoch), evidence: decision.evidence)
      })
  }
}

extension DataComparison {
  fileprivate init(_ found: LiveVerification) {
    let counts = DataVerifyReport.Counts(found.counts)
    self.init(
      isEqual: found.isEqual, legacyRows: Int(found.digests.legacy.count),
      newRows: Int(found.digests.new.count),
      counts: Counts(
        missing: counts.missing, extra: counts.extra, differs: counts.differs,
        encoding: counts.encoding, stale: counts.stale),
      rows: found.drifts.map { drift in
        Row(
          kind: drift.kind.rawValue, key: drift.place,
          columns: drift.columns.map { Column(name: $0.name, legacy: $0.legacy, new: $0.new) })
      }, checks: found.checks, unsettled: found.unsettled)
  }
}
