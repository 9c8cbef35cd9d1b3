// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import CutoverControl
  internal import Foundation
  internal import PostgreSQLClient

  extension PostgreSQLCutoverJournal {
    /// How long a lease lasts that is not renewed; it is renewed each second.
    package static let leaseTime = Duration.seconds(4)
    /// How long a proxy that is no longer heard of is named.
    private static let memory = "1 hour"

    package func exchange(_ report: ReplicaReport) async throws -> ReplicaExchange {
      let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
      let results = try await Self.reporting(database.address) {
        try await database.current().transaction(
          [
            PostgreSQLStatement(
              """
              INSERT INTO strangler_replica VALUES ($1, clock_timestamp(), $2)
              ON CONFLICT (id) DO UPDATE SET seen = EXCLUDED.seen, report = EXCLUDED.report
              """, [.text(report.id), .text(text)]),
            PostgreSQLStatement(
              """
              UPDATE strangler_lease
              SET lease = CASE WHEN holder = $1 THEN lease ELSE lease + 1 END, holder = $1,
                expires = clock_timestamp() + make_interval(secs => $2::bigint)
              WHERE $3::boolean AND (holder = $1 OR expires < clock_timestamp())
              """,
              [
                .text(report.id), .integer(Self.leaseTime.components.seconds),
                .text("\(report.mayLead)"),
              ]),
            PostgreSQLStatement(
              """
              DELETE FROM strangler_replica
              WHERE seen < clock_timestamp() - $1::interval
                OR seen < clock_timestamp() - make_interval(secs => $2::bigint)
                  AND id IN (SELECT jsonb_array_elements_text($3::jsonb -> 'replaces'))
              """,
              [
                .text(Self.memory), .integer(SharedCounts.patience / 1_000), .text(text),
              ]),
            PostgreSQLStatement(
              """
              SELECT report, (extract(epoch FROM clock_timestamp() - seen) * 1000)::bigint
              FROM strangler_replica ORDER BY id
              """),
            // Last, so that it has every entry that one of them has seen.
            PostgreSQLStatement(
              """
              SELECT CASE WHEN expires >= clock_timestamp() THEN holder END, lease,
                (SELECT COALESCE(max(sequence), 0) FROM strangler_entry),
                (SELECT hash FROM strangler_entry WHERE sequence = $1)
              FROM strangler_lease
              """, [.integer(Int64(clamping: report.sequence))]),
          ], within: PostgreSQLReconnection.answering)
      }
      let lease = results[4].first
      return ReplicaExchange(
        leader: lease?.text(0), lease: lease?.integer(1) ?? 0,
        sequence: UInt64(clamping: lease?.integer(2) ?? 0), reportedHead: lease?.text(3),
        replicas: results[3].compactMap { row in
          // One that another version wrote in another shape is left out.
          guard let text = row.text(0),
            let report = try? JSONDecoder().decode(ReplicaReport.self, from: Data(text.utf8))
          else { return nil }
          return ReplicaExchange.Replica(report: report, age: max(0, row.integer(1) ?? 0))
        })
    }

    package func leave(_ replica: String) async {
      // The lease runs out by itself where this cannot be said.
      _ = try? await database.current().transaction(
        [
          PostgreSQLStatement(
            "UPDATE strangler_lease SET expires = '-infinity' WHERE holder = $1", [.text(replica)]),
          PostgreSQLStatement("DELETE FROM strangler_replica WHERE id = $1", [.text(replica)]),
        ], within: PostgreSQLReconnection.answering)
    }
  }
#endif
