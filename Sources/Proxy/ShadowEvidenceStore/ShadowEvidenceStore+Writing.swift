// SPDX-License-Identifier: Apache-2.0

internal import GRDB
package import ShadowComparison

extension ShadowEvidenceStore {
  /// Stores the values of now and new pairs, all or nothing. Doing it twice changes nothing but the
  /// pairs.
  package func write(
    _ changes: EvidenceChanges?, pairs: [ShadowPair], run: Int64, at time: Int64
  ) async throws {
    try await database.write { db in
      if let changes {
        try Self.write(changes.totals, run, time, db)
        for (name, endpoint) in changes.endpoints.sorted(by: { $0.key < $1.key }) {
          try Self.write(counters: endpoint, name, run, db)
          try Self.write(pathKinds: endpoint, name, run, db)
        }
      }
      for pair in pairs { try Self.write(pair, run, db) }
    }
  }

  private static func write(
    _ totals: EvidenceTotals, _ run: Int64, _ time: Int64, _ db: Database
  ) throws {
    try db.execute(
      sql: """
        UPDATE run SET written_at = ?, comparisons = ?, reasks = ?, reasks_over_budget = ?,
          dropped_comparisons = ? WHERE id = ?
        """,
      arguments: [
        time, totals.comparisons, totals.reasks, totals.reasksOverBudget,
        totals.droppedComparisons, run,
      ])
  }

  private static func write(
    counters endpoint: EndpointEvidence, _ name: String, _ run: Int64, _ db: Database
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO counter (run_id, endpoint, kind, name, count) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = excluded.count
        """)
    for counter in EndpointCounter.all(of: endpoint) {
      try statement.execute(
        arguments: [run, name, counter.kind.rawValue, counter.name, counter.count])
    }
  }

  private static func write(
    pathKinds endpoint: EndpointEvidence, _ name: String, _ run: Int64, _ db: Database
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO path_kind (run_id, endpoint, path, kind, count, extracted_odd, legacy_odd,
          volatile, has_been_real, legacy_example, extracted_example)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = excluded.count, extracted_odd = excluded.extracted_odd,
          legacy_odd = excluded.legacy_odd, volatile = excluded.volatile,
          has_been_real = excluded.has_been_real
        """)
    for (pathKind, path) in endpoint.pathKinds.sorted(by: { $0.key < $1.key }) {
      try statement.execute(
        arguments: [
          run, name, pathKind.path.description, pathKind.kind.rawValue, path.count,
          path.evidence.extractedOdd, path.evidence.legacyOdd, path.evidence.volatile,
          path.evidence.hasBeenReal, path.example.legacy, path.example.extracted,
        ])
    }
  }

  private static func write(_ pair: ShadowPair, _ run: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO pair (run_id, endpoint, request, compared_at, legacy_status, legacy_headers,
          legacy_body, legacy_is_cut, extracted_status, extracted_headers, extracted_body,
          extracted_is_cut)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run, pair.endpoint, pair.request, pair.comparedAt, pair.legacy.status,
        pair.legacy.headers.joined(separator: "\n"), pair.legacy.body.joined(separator: "\n"),
        pair.legacy.isCut, pair.extracted.status, pair.extracted.headers.joined(separator: "\n"),
        pair.extracted.body.joined(separator: "\n"), pair.extracted.isCut,
      ])
    let number = db.lastInsertedRowID
    for difference in pair.differences {
      try db.execute(
        sql: """
          INSERT INTO pair_difference (pair_id, path, kind, legacy, extracted)
          VALUES (?, ?, ?, ?, ?)
          """,
        arguments: [
          number, difference.pathKind.path.description, difference.pathKind.kind.rawValue,
          difference.legacy, difference.extracted,
        ])
    }
  }
}

/// The numbers of an endpoint as rows.
struct EndpointCounter {
  enum Kind: String {
    case outcome, drop, unlisted
    case legacyLatency = "legacy-latency"
    case extractedLatency = "extracted-latency"
  }

  var kind: Kind
  var name: String
  var count: Int

  static func all(of endpoint: EndpointEvidence) -> [EndpointCounter] {
    var counters = endpoint.outcomes.map {
      EndpointCounter(kind: .outcome, name: $0.key.rawValue, count: $0.value)
    }
    counters += endpoint.drops.map {
      EndpointCounter(kind: .drop, name: $0.key.rawValue, count: $0.value)
    }
    counters.append(EndpointCounter(kind: .unlisted, name: "", count: endpoint.unlisted))
    counters += latency(endpoint.legacyLatency, .legacyLatency)
    counters += latency(endpoint.extractedLatency, .extractedLatency)
    return counters
  }

  private static func latency(_ histogram: LatencyHistogram, _ kind: Kind) -> [EndpointCounter] {
    histogram.buckets.map { EndpointCounter(kind: kind, name: String($0.key), count: $0.value) }
  }
}
