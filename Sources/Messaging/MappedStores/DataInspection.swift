// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Looks for rows that a mapping could not carry.
package struct DataInspection: Sendable {
  /// How much is looked at.
  package struct Limits: Sendable, Hashable {
    /// A statement that takes longer is given up.
    package var statement: Duration = .seconds(10)
    /// Most suspects of each doubt, and most rows of each sample.
    package var rows = 1_000

    package init() {}
  }

  /// What came of a doubt.
  package struct Settled: Sendable, Hashable {
    package enum Outcome: String, Sendable, Hashable {
      /// Every row was asked.
      case holds
      /// A row breaks it.
      case broken
      /// SQL cannot tell: the first and the last rows by key hold.
      case sampled
      /// It was not found out in time, or there were too many rows to look at.
      case open
    }

    package let doubt: Doubt
    package let outcome: Outcome
    /// Why it is open.
    package let reason: String?
  }

  /// What came of a mapping.
  package struct Result: Sendable {
    package let settled: [Settled]
    /// With counterexamples.
    package let findings: [MappingFinding]
  }

  /// Rows that are evaluated together.
  private static let page = 200

  private let legacy: any MappedStore
  private let new: any MappedStore
  private let check: MappingCheck
  private let translation: RowTranslation
  private let statements: MappingStatements
  private let limits: Limits
  private let joined: JoinedRows

  /// Nil for a mapping with errors.
  package init?(
    _ check: MappingCheck, stores: [String: any MappedStore], limits: Limits = Limits()
  ) {
    guard let translation = check.translation, let statements = MappingStatements(check),
      let legacy = stores[check.mapping.legacy.store], let new = stores[check.mapping.new.store]
    else { return nil }
    (self.legacy, self.new, self.check) = (legacy, new, check)
    (self.translation, self.statements, self.limits) = (translation, statements, limits)
    joined = JoinedRows(translation, statements, legacy, within: limits.statement)
  }

  /// - Parameter progress: hears what is asked next, and how many questions there are.
  /// - Throws: `StoreFailure` for a store that cannot be read at all.
  package func run(
    progress: @Sendable (_ question: String, _ done: Int, _ all: Int) -> Void
  ) async throws -> Result {
    var findings: [MappingFinding] = []
    var settled: [Settled] = []
    func found(_ finding: MappingFinding) {
      if !findings.contains(where: { $0.key == finding.key && $0.message == finding.message }) {
        findings.append(finding)
      }
    }
    let sides: [Doubt.Side] = check.mapping.isReversed ? [.legacy, .new] : [.legacy]
    let all = check.doubts.count + sides.count
    for (index, side) in sides.enumerated() {
      progress("\(check.mapping.name): first and last rows of \(side.rawValue)", index, all)
      for finding in try await sample(side) { found(finding) }
    }
    for (index, doubt) in check.doubts.enumerated() {
      progress("\(check.mapping.name): \(doubt.question)", sides.count + index, all)
      let (outcome, finding, reason) = try await settle(doubt)
      settled.append(Settled(doubt: doubt, outcome: outcome, reason: reason))
      if let finding { found(finding) }
    }
    return Result(settled: settled, findings: findings)
  }

  private func store(_ side: Doubt.Side) -> any MappedStore { side == .legacy ? legacy : new }

  private func sample(_ side: Doubt.Side) async throws -> [MappingFinding] {
    var findings: [MappingFinding] = []
    for fromEnd in [false, true] {
      let sql = statements.sample(side, fromEnd: fromEnd, limit: limits.rows)
      do {
        let rows = try await store(side).rows(
          sql, statements.readTypes(side), within: limits.statement)
        if let finding = try await refusal(side, rows) { findings.append(finding) }
      } catch let failure as StoreFailure where failure.code == .timedOut {
        findings.append(
          MappingFinding(
            check.mapping.path, "rows of \(side.rawValue) could not be sampled: \(failure)"))
      }
    }
    return findings
  }

  private func settle(
    _ doubt: Doubt
  ) async throws -> (Settled.Outcome, MappingFinding?, String?) {
    guard let sql = statements.suspects(doubt, limit: limits.rows) else {
      return (.sampled, nil, nil)
    }
    do {
      let rows = try await store(doubt.side).rows(
        sql, statements.readTypes(doubt.side), within: limits.statement)
      if let finding = try await refusal(doubt.side, rows) { return (.broken, finding, nil) }
      if rows.count < limits.rows { return (.holds, nil, nil) }
      return (.open, nil, "the first \(rows.count) rows that may break it do not")
    } catch let failure as StoreFailure where failure.code == .timedOut {
      return (.open, nil, failure.description)
    }
  }

  // MARK: - Rows

  /// The first of the rows that is refused.
  private func refusal(
    _ side: Doubt.Side, _ rows: [[FieldValue]]
  ) async throws -> MappingFinding? {
    let keys = side == .legacy ? check.legacyKey.count : check.newKey.count
    for start in stride(from: 0, to: rows.count, by: Self.page) {
      let page = rows[start..<min(rows.count, start + Self.page)]
      let bodies = page.map { Array($0.dropFirst(keys)) }
      let lookups = try await joined.lookups(side, bodies)
      for (row, body) in zip(page, bodies) {
        let finding =
          side == .legacy
          ? refusedForward(body, lookups, Array(row.prefix(keys)))
          : refusedBack(body, lookups, Array(row.prefix(keys)))
        if let finding { return finding }
      }
    }
    return nil
  }

  private func refusedForward(
    _ row: [FieldValue], _ lookups: LookupTables, _ key: [FieldValue]
  ) -> MappingFinding? {
    guard translation.includes(row) else { return nil }
    do {
      let new = try translation.forward(row, lookups)
      if check.mapping.isReversed { _ = try translation.inverse(new, lookups) }
      return nil
    } catch {
      return check.finding(error, .legacy, rowKey: key)
    }
  }

  private func refusedBack(
    _ row: [FieldValue], _ lookups: LookupTables, _ key: [FieldValue]
  ) -> MappingFinding? {
    if translation.isForeign(row, lookups) { return nil }
    do {
      let legacy = try translation.inverse(row, lookups)
      guard let (at, column, value) = translation.leaving(legacy) else { return nil }
      let names = zip(check.newKey, key).map { "\($0) = \($1)" }.joined(separator: ", ")
      return MappingFinding(
        at, "a row of the new side is outside of the filter",
        counterexample: MappingFinding.Counterexample(
          place: check.mapping.new.description, key: names,
          text: "\(column) becomes \(value) in legacy"))
    } catch {
      return check.finding(error, .new, rowKey: key)
    }
  }
}

extension DataSettings {
  /// The tables that are needed of each store.
  package var neededTables: [String: Set<String>] {
    var tables: [String: Set<String>] = [:]
    for mapping in mappings {
      tables[mapping.legacy.store, default: []].insert(mapping.legacy.table)
      tables[mapping.new.store, default: []].insert(mapping.new.table)
      for case .join(let join) in mapping.columns.map(\.rule) {
        tables[mapping.legacy.store, default: []].insert(join.table)
      }
    }
    return tables
  }
}
