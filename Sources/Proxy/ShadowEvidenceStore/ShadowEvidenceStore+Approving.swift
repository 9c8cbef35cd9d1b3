// SPDX-License-Identifier: Apache-2.0

internal import GRDB
public import ShadowComparison

extension ShadowEvidenceStore {
  /// What became of an approval.
  public enum ApprovalOutcome: Sendable, Equatable {
    /// It was taken.
    case done
    /// There is one in force already, or none to revoke.
    case unchanged
  }

  /// Approvals in force.
  public func approvals() async throws -> [NoiseApproval] {
    try await database.read { try Self.approvals($0) }
  }

  /// What is known of the path-kind, of the run that speaks most against it; nil when it was never
  /// seen to differ: nobody can approve what is not there.
  public func evidence(
    of pathKind: PathKind, endpoint: String
  ) async throws -> NoiseEvidence? {
    try await database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT extracted_odd, legacy_odd, volatile, has_been_real FROM path_kind
          WHERE endpoint = ? AND path = ? AND kind = ?
          """, arguments: Self.arguments(endpoint, pathKind)
      ).map { NoiseEvidence($0) }.min { $0.label < $1.label }
    }
  }

  /// Takes an approval.
  public func approve(_ approval: NoiseApproval) async throws -> ApprovalOutcome {
    try await database.write { db in
      try db.execute(
        sql: """
          INSERT INTO approval (endpoint, path, kind, actor, reason, approved_at)
          VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: Self.arguments(approval.endpoint, approval.pathKind) + [
          approval.actor, approval.reason, approval.approvedAt,
        ])
      return db.changesCount == 1 ? .done : .unchanged
    }
  }

  /// Revokes the approval in force. It stays in the table with who revoked it and why.
  public func revoke(
    _ pathKind: PathKind, endpoint: String, actor: String, reason: String, at time: Int64
  ) async throws -> ApprovalOutcome {
    try await database.write { db in
      try db.execute(
        sql: """
          UPDATE approval SET revoked_by = ?, revoked_reason = ?, revoked_at = ?
          WHERE endpoint = ? AND path = ? AND kind = ? AND revoked_at IS NULL
          """,
        arguments: [actor, reason, time] + Self.arguments(endpoint, pathKind))
      return db.changesCount == 1 ? .done : .unchanged
    }
  }

  private static func arguments(_ endpoint: String, _ pathKind: PathKind) -> StatementArguments {
    [endpoint, pathKind.path.description, pathKind.kind.rawValue]
  }
}
