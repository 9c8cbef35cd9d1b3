// SPDX-License-Identifier: Apache-2.0

/// Somebody's word that a path-kind of an endpoint is noise. Its differences no longer make a
/// comparison a mismatch; they are still counted, and its label can still become real.
public struct NoiseApproval: Sendable, Equatable {
  /// Name of the endpoint, such as `GET /orders/{id}`.
  public var endpoint: String
  /// What is noise.
  public var pathKind: PathKind
  /// Who says so.
  public var actor: String
  /// Why.
  public var reason: String
  /// When, milliseconds since 1970-01-01T00:00:00Z.
  public var approvedAt: Int64

  /// Creates an approval.
  public init(
    endpoint: String, pathKind: PathKind, actor: String, reason: String, approvedAt: Int64
  ) {
    self.endpoint = endpoint
    self.pathKind = pathKind
    self.actor = actor
    self.reason = reason
    self.approvedAt = approvedAt
  }
}
