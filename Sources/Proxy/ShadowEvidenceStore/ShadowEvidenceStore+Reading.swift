// SPDX-License-Identifier: Apache-2.0

internal import GRDB
public import ShadowComparison

extension ShadowEvidenceStore {
  /// Most pairs that a report names for one path-kind: the newest.
  private static let pairsPerPath = 3
  /// Most bytes, about, of all endpoints and path-kinds that are added up.
  private static let mostReportBytes = 64 << 20
  /// Most pairs that a report is shown with.
  private static let mostShownPairs = 300

  /// What is known from some runs together.
  ///
  /// - Parameters:
  ///   - runs: numbers of runs; nil takes all.
  ///   - endpoint: the only endpoint to look at; nil takes all.
  public func report(runs: [Int64]? = nil, endpoint: String? = nil) async throws -> ShadowReport {
    try await database.read { db in
      let numbers = try runs ?? Int64.fetchAll(db, sql: "SELECT id FROM run ORDER BY id")
      // What one run holds was within its limits; all together may be more.
      var evidence = ShadowEvidence(
        limits: EvidenceLimits(endpoints: 10_000, pathKinds: 5_000, bytes: Self.mostReportBytes))
      for run in numbers { evidence.merge(try Self.evidence(run, endpoint, db)) }
      for approval in try Self.approvals(db) { evidence.approve(approval) }
      var report = evidence.report()
      report.runs = try numbers.compactMap { try Self.run($0, db) }
      try Self.addPairs(to: &report, runs: numbers, db)
      return report
    }
  }

  private static func run(_ number: Int64, _ db: Database) throws -> ShadowReport.Run? {
    try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [number]).map { row in
      let run = try EvidenceRun(row)
      return ShadowReport.Run(
        number: run.number, source: run.source.rawValue, legacy: run.legacy,
        extracted: run.extracted, startedAt: run.startedAt)
    }
  }

  private static func evidence(
    _ run: Int64, _ endpoint: String?, _ db: Database
  ) throws -> EvidenceChanges {
    var changes = EvidenceChanges()
    if let row = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [run]) {
      changes.totals.comparisons = row["comparisons"]
      changes.totals.reasks = row["reasks"]
      changes.totals.reasksOverBudget = row["reasks_over_budget"]
      changes.totals.droppedComparisons = row["dropped_comparisons"]
    }
    let rows = "WHERE run_id = ? AND (? IS NULL OR endpoint = ?)"
    let arguments: StatementArguments = [run, endpoint, endpoint]
    let counters = try Row.fetchCursor(
      db, sql: "SELECT * FROM counter \(rows)", arguments: arguments)
    while let row = try counters.next() { add(counter: row, to: &changes) }
    let paths = try Row.fetchCursor(
      db, sql: "SELECT * FROM path_kind \(rows)", arguments: arguments)
    while let row = try paths.next() {
      let pathKind = try self.pathKind(row)
      changes.endpoints[row["endpoint"], default: EndpointEvidence()].pathKinds[pathKind] =
        PathEvidence(
          count: row["count"],
          example: Difference(
            pathKind: pathKind, legacy: row["legacy_example"], extracted: row["extracted_example"]),
          evidence: NoiseEvidence(row))
    }
    return changes
  }

  /// A counter that only a newer version knows is left out.
  private static func add(counter row: Row, to changes: inout EvidenceChanges) {
    let (endpoint, name, count): (String, String, Int) = (
      row["endpoint"], row["name"], row["count"]
    )
    guard let kind = EndpointCounter.Kind(rawValue: row["kind"]) else { return }
    var evidence = changes.endpoints[endpoint] ?? EndpointEvidence()
    switch kind {
    case .outcome: Comparison.Outcome(rawValue: name).map { evidence.outcomes[$0] = count }
    case .drop: DropReason(rawValue: name).map { evidence.drops[$0] = count }
    case .unlisted: evidence.unlisted = count
    case .legacyLatency:
      evidence.legacyLatency = evidence.legacyLatency.adding(count, toBucket: name)
    case .extractedLatency:
      evidence.extractedLatency = evidence.extractedLatency.adding(count, toBucket: name)
    }
    changes.endpoints[endpoint] = evidence
  }

  private static func pathKind(_ row: Row) throws -> PathKind {
    let name: String = row["kind"]
    guard let kind = PathKind.Kind(rawValue: name) else {
      throw EvidenceStoreError(.corruptRow, "a path has the unknown kind \"\(name)\"")
    }
    return PathKind(path: ResponsePath(row["path"]), kind: kind)
  }

  // MARK: - Pairs

  /// Looks at every pair once, however many paths there are.
  private static func addPairs(
    to report: inout ShadowReport, runs: [Int64], _ db: Database
  ) throws {
    var places: [String: [PathKind: (endpoint: Int, path: Int)]] = [:]
    for (endpoint, found) in report.endpoints.enumerated() {
      for (path, each) in found.paths.enumerated() {
        places[found.name, default: [:]][each.pathKind] = (endpoint, path)
      }
    }
    let marks = databaseQuestionMarks(count: runs.count)
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT pair.id, endpoint, path, kind FROM pair
        JOIN pair_difference ON pair_id = pair.id WHERE run_id IN (\(marks))
        ORDER BY pair.id DESC
        """, arguments: StatementArguments(runs))
    while let row = try rows.next() {
      guard let known = places[row["endpoint"]], let place = known[try pathKind(row)],
        report.endpoints[place.endpoint].paths[place.path].pairs.count < pairsPerPath
      else { continue }
      report.endpoints[place.endpoint].paths[place.path].pairs.append(row["id"])
    }
  }

  /// A kept pair; nil when there is none with this number, or none any more.
  public func pair(_ number: Int64) async throws -> ShadowPair? {
    try await database.read { try Self.pair(number, $0) }
  }

  /// The pairs that a report names; of very many the newest of each endpoint's first paths.
  public func pairs(of report: ShadowReport) async throws -> [Int64: ShadowPair] {
    let named = report.endpoints.flatMap { endpoint in
      endpoint.paths.enumerated().flatMap { rank, path in path.pairs.map { (rank, $0) } }
    }
    let numbers = Set(named.sorted { $0.0 < $1.0 }.prefix(Self.mostShownPairs).map(\.1))
    return try await database.read { db in
      try numbers.reduce(into: [:]) { $0[$1] = try Self.pair($1, db) }
    }
  }

  private static func pair(_ number: Int64, _ db: Database) throws -> ShadowPair? {
    guard
      let row = try Row.fetchOne(db, sql: "SELECT * FROM pair WHERE id = ?", arguments: [number])
    else { return nil }
    let differences = try Row.fetchAll(
      db, sql: "SELECT * FROM pair_difference WHERE pair_id = ? ORDER BY path, kind",
      arguments: [number]
    ).map { row in
      Difference(pathKind: try pathKind(row), legacy: row["legacy"], extracted: row["extracted"])
    }
    return ShadowPair(
      endpoint: row["endpoint"], request: row["request"], comparedAt: row["compared_at"],
      legacy: answer(row, "legacy"), extracted: answer(row, "extracted"), differences: differences)
  }

  private static func answer(_ row: Row, _ side: String) -> ShownAnswer {
    func lines(_ column: String) -> [String] {
      let text: String = row["\(side)_\(column)"]
      return text.isEmpty
        ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    return ShownAnswer(
      status: row["\(side)_status"], headers: lines("headers"), body: lines("body"),
      isCut: row["\(side)_is_cut"])
  }

  // MARK: - Approvals in force

  static func approvals(_ db: Database) throws -> [NoiseApproval] {
    try Row.fetchAll(db, sql: "SELECT * FROM approval WHERE revoked_at IS NULL ORDER BY id").map {
      row in
      NoiseApproval(
        endpoint: row["endpoint"], pathKind: try pathKind(row), actor: row["actor"],
        reason: row["reason"], approvedAt: row["approved_at"])
    }
  }
}

extension LatencyHistogram {
  fileprivate func adding(_ count: Int, toBucket name: String) -> LatencyHistogram {
    guard let bucket = Int(name) else { return self }
    var buckets = buckets
    buckets[bucket, default: 0] += count
    return LatencyHistogram(buckets: buckets)
  }
}

extension NoiseEvidence {
  /// The columns of `path_kind` that hold it.
  init(_ row: Row) {
    self.init(
      extractedOdd: row["extracted_odd"], legacyOdd: row["legacy_odd"], volatile: row["volatile"],
      hasBeenReal: row["has_been_real"])
  }
}
