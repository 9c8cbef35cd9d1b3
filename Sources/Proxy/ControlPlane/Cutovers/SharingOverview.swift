// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl

/// Where the proxies stand that share a journal, as one of them knows it.
package struct SharingOverview: Sendable, Equatable, Codable {
  package enum Role: String, Sendable, Codable {
    /// It asks the gates and carries the plans out.
    case leading
    /// It makes the moves that the leader writes down.
    case following
    /// It cannot reach the journal: it keeps its shares and raises nothing.
    case cutOff = "cut-off"
  }

  package struct Replica: Sendable, Equatable, Codable {
    package let name: String
    /// Where its admin API listens.
    package let admin: String?
    package let isLeading: Bool
    /// The last entry that it made come true.
    package let sequence: UInt64
    /// Entries that it had not seen when it was heard of.
    package let behind: UInt64
    package let configurationHash: String
    /// Milliseconds since it was heard of.
    package let silentMilliseconds: Int64
    /// Its requests are part of what the gates judge.
    package let isCounted: Bool
    /// Routes under a cutover that it serves otherwise than this proxy: by other upstreams of its
    /// file, or it has not seen the run begin. What goes well there promotes nothing.
    package let strangeRoutes: [String]?
  }

  package let role: Role
  /// What this proxy is called.
  package let name: String
  /// Since when it is cut off, and why.
  package let cutOffSince: String?
  package let cutOffReason: String?
  /// The proxy that leads, as far as this one knows.
  package let leader: String?
  /// Hash of the configuration that this proxy runs.
  package let configurationHash: String
  /// All that were heard of within the last hour, by name.
  package let replicas: [Replica]
}

extension CutoverRunner {
  /// nil for a journal of one proxy.
  func sharingOverview() -> SharingOverview? {
    guard let replica else { return nil }
    let exchange = sharing.exchange
    let (end, services) = (exchange?.sequence ?? 0, judgedServices)
    let replicas = (exchange?.replicas ?? []).map { told in
      SharingOverview.Replica(
        name: told.report.name, admin: told.report.admin,
        isLeading: told.report.id == exchange?.leader, sequence: told.report.sequence,
        behind: end - min(end, told.report.sequence),
        configurationHash: told.report.configurationHash, silentMilliseconds: told.age,
        isCounted: told.age <= SharedCounts.patience,
        // Nobody knows how one serves that says nothing any more.
        strangeRoutes: told.age > SharedCounts.patience
          ? []
          : services.filter { !$0.value.isServed(by: told.report, on: $0.key) }.keys.sorted())
    }
    return SharingOverview(
      role: sharing.cutOff != nil ? .cutOff : isLeading ? .leading : .following,
      name: replica.name, cutOffSince: sharing.cutOff.map { Timestamp.text($0.since) },
      cutOffReason: sharing.cutOff?.reason, leader: replicas.first { $0.isLeading }?.name,
      configurationHash: configurationHash,
      replicas: replicas.sorted { ($0.name, $0.sequence) < ($1.name, $1.sequence) })
  }
}
