// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import Foundation
internal import MappedStores
internal import RoutingDecisions

/// Mappings with both of their stores open, as the commands have them that move data.
struct Migrating {
  let run: MigrationRun
  let opened: OpenedStores
  let settings: DataSettings
  let decoded: DecodedData

  var check: MappingCheck { run.check }
  var name: String { check.mapping.name }

  /// Opens the stores of some mappings and closes them afterwards.
  static func open<Value>(
    _ file: String, _ mapping: MappingOption, _ limit: StatementLimit, _ line: ProgressLine,
    _ limits: MigrationRun.Limits = .init(), _ body: ([Migrating]) async throws -> Value
  ) async throws -> Value {
    let (settings, decoded) = try MappingOption.settings(file)
    return try await OpenedStores.reading(
      settings, only: mapping.names, within: limit.duration, line
    ) { opened in
      var all: [Migrating] = []
      defer { for migrating in all { migrating.run.stores.close() } }
      for check in try mapping.checks(settings, opened, decoded) {
        let stores = try MovingStores(check.mapping, settings)
        guard let run = MigrationRun(check, stores, limits) else {
          stores.close()
          continue
        }
        all.append(Migrating(run: run, opened: opened, settings: settings, decoded: decoded))
      }
      do {
        return try await body(all)
      } catch let failure as StoreFailure {
        throw Self.ended(failure)
      }
    }
  }

  static func ended(_ failure: StoreFailure) -> CommandFailure {
    switch failure.code {
    case .moved, .fenced: .negative("\(failure)")
    case .denied:
      .unusable(
        "\(failure); moving data needs to select, insert, update and delete in both tables, and to "
          + "make tables, functions and triggers in both stores")
    case .full: .unusable("\(failure); nothing of the last transaction was written; make room")
    case .timedOut, .locked, .conflict, .foreign, .unreachable, .unusable: .unusable("\(failure)")
    }
  }

  /// What the rows of both sides have against the mapping.
  func objections(_ limit: StatementLimit, _ line: ProgressLine) async throws -> [String] {
    var limits = DataInspection.Limits()
    limits.statement = limit.duration
    guard let inspection = DataInspection(check, stores: opened.stores, limits: limits) else {
      return []
    }
    let findings = try await inspection.run { question, done, all in
      line.update(question, done: done, of: all)
    }.findings.filter { $0.severity == .error }
    return decoded.placing(findings).map(\.description)
  }

  /// What somebody has to know who lets it be written on the side of a state.
  ///
  /// - Parameter together: mappings that go there with it.
  func warnings(
    _ state: MigrationState, together: Set<String>, _ limit: StatementLimit
  ) async throws -> [String] {
    let sequences = check.findings.filter { $0.severity == .warning }.map(\.text)
    let splits = try await opened.splits(
      check.mapping, at: state, together: together, settings, within: limit.duration)
    return (state.owner == .new ? sequences : []) + splits
  }

  /// Carries an order out, or says why not.
  func give(
    _ order: Migration.Order, by author: MigrationRun.Author, _ limit: StatementLimit,
    acceptsNoReturn: Bool, _ line: ProgressLine
  ) async throws -> MigrationAnswer {
    try await Self.give(
      order, to: [self], by: author, limit, acceptsNoReturn: acceptsNoReturn, line)[0]
  }

  /// What the gates say of an order.
  func ask(
    _ order: Migration.Order, _ seen: Migration, _ limit: StatementLimit, acceptsNoReturn: Bool,
    _ line: ProgressLine
  ) async throws -> MigrationEvidence {
    var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
    if let step = seen.step(order) {
      let asksRows = step.gates.contains(.mappingHolds)
      let progress = RowProgress("\(name): comparing both sides", of: nil, on: line)
      evidence = try await run.evidence(
        for: step, seen, objections: asksRows ? objections(limit, line) : [],
        acceptsNoReturn: acceptsNoReturn
      ) { progress.add($0) }
    }
    return evidence
  }
}

extension Migrating {
  /// Takes the steps to where an order leads, until one is refused or turned back.
  static func move(
    _ order: CutoverAnswer.Order, _ all: [Migrating], by author: MigrationRun.Author,
    _ limit: StatementLimit, _ line: ProgressLine
  ) async throws -> [CutoverAnswer] {
    var answers: [CutoverAnswer] = []
    for migrating in all {
      answers.append(CutoverAnswer(order, try await migrating.run.migration(), dryRun: false))
    }
    while answers.contains(where: \.isOpen), answers.allSatisfy({ $0.isOpen || $0.done }) {
      let open = zip(all, answers).filter { $0.1.isOpen }.map(\.0)
      let steps = try await give(
        .advance, to: open, by: author, limit, acceptsNoReturn: order == .retire, line)
      for step in steps {
        for place in answers.indices where answers[place].mapping == step.mapping {
          answers[place].took(step)
        }
      }
    }
    return answers
  }

  /// Asks the gates of the step that leads there, and changes no state.
  func rehearse(_ order: CutoverAnswer.Order, _ line: ProgressLine) async throws -> CutoverAnswer {
    let seen = try await run.migration()
    var answer = CutoverAnswer(order, seen, dryRun: true)
    guard answer.isOpen else { return answer }
    let step = MigrationStep(
      from: order == .cutover ? .newReads : .newPrimary, to: order.target)
    let progress = RowProgress("\(name): comparing both sides", of: nil, on: line)
    let evidence = try await run.evidence(
      for: step, seen, objections: [], acceptsNoReturn: order == .retire
    ) { progress.add($0) }
    answer.asked(step, evidence, seen.fingerprint)
    return answer
  }
}

/// Who moves a mapping, and why; both are kept.
struct MigrationOrderOptions: ParsableArguments {
  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var limit: StatementLimit

  @Option(help: "Why; it is kept.")
  var reason: String

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  @Option(
    name: .customLong("pause-limit"),
    help: "Seconds that writes may pause before a change of sides is turned back, 0.1 to 600.")
  var pauseLimit = 5.0

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    if reason.isEmpty { throw ValidationError("--reason: missing; it is kept") }
    try LetterOrderOptions.checkLengths(reason: reason, actor: actor)
    guard (0.1...600).contains(pauseLimit) else {
      throw ValidationError("--pause-limit: expected 0.1 to 600 seconds")
    }
  }

  var author: MigrationRun.Author {
    MigrationRun.Author(actor: actor ?? ProcessInfo.processInfo.userName, reason: reason) {
      UnixTime.milliseconds()
    }
  }

  /// Gives an order for some mappings and writes what came of it; a refusal ends with 1.
  func give(_ order: Migration.Order, to names: [String]) async throws {
    let answers = try await with(names) { all, line in
      let answers = try await Migrating.give(
        order, to: all, by: author, limit, acceptsNoReturn: false, line)
      for answer in answers { try await warn(all, answer.mapping, answer.state, line) }
      return answers
    }
    for answer in answers {
      Terminal.standardOutput.write(format == .json ? JSONText.encode(answer) : answer.text)
    }
    guard answers.allSatisfy(\.done) else { throw CommandFailure.negativeAnswer }
  }

  /// Moves mappings to where an order leads, however many steps that takes, and writes what came
  /// of it; a refusal ends with 1.
  func move(_ order: CutoverAnswer.Order, _ names: [String], isDry: Bool) async throws {
    let answers = try await with(names) { all, line in
      var answers: [CutoverAnswer] = []
      if isDry {
        for migrating in all { answers.append(try await migrating.rehearse(order, line)) }
      } else {
        answers = try await Migrating.move(order, all, by: author, limit, line)
      }
      for answer in answers {
        let state = isDry ? order.target.rawValue : answer.state
        try await warn(all, answer.mapping, state, together: isDry ? Set(names) : [], line)
      }
      return answers
    }
    for answer in answers {
      Terminal.standardOutput.write(format == .json ? JSONText.encode(answer) : answer.text)
    }
    guard answers.allSatisfy(\.done) else { throw CommandFailure.negativeAnswer }
  }

  private func warn(
    _ all: [Migrating], _ name: String, _ state: String, together: Set<String> = [],
    _ line: ProgressLine
  ) async throws {
    guard let state = MigrationState(rawValue: state),
      let migrating = all.first(where: { $0.name == name })
    else { return }
    let warnings = try await migrating.warnings(state, together: together, limit)
    line.clear()
    for warning in warnings { Terminal.standardError.write("warning: \(warning)\n") }
  }

  private func with<Value>(
    _ names: [String], _ body: ([Migrating], ProgressLine) async throws -> Value
  ) async throws -> Value {
    let line = ProgressLine(quiet: limit.quiet)
    var limits = MigrationRun.Limits()
    limits.pause = .seconds(pauseLimit)
    return try await Migrating.open(
      configuration.file, MappingOption(names), limit, line, limits
    ) { all in
      guard !all.isEmpty else {
        throw CommandFailure.unusable("\(names[0]): the mapping cannot be used")
      }
      return try await body(all, line)
    }
  }
}
