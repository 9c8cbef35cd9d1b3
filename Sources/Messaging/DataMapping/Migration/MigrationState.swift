// SPDX-License-Identifier: Apache-2.0

/// How far the data of a mapping has moved. The order of the cases is the order of the way; every
/// step but the last has a way back.
package enum MigrationState: String, Sendable, Hashable, CaseIterable {
  /// Nothing follows yet.
  case legacyPrimary = "legacy-primary"
  /// Legacy is written and read, the new side follows.
  case legacyReads = "dual-write-legacy-reads"
  /// Legacy is written, the new side follows and is read.
  case newReads = "dual-write-new-reads"
  /// The new side is written and read, legacy follows.
  case newPrimary = "new-primary"
  /// The new side is all there is; legacy is frozen.
  case retired

  /// The side that takes the writes.
  package var owner: Doubt.Side {
    switch self {
    case .legacyPrimary, .legacyReads, .newReads: .legacy
    case .newPrimary, .retired: .new
    }
  }

  /// The side that answers reads.
  package var reads: Doubt.Side {
    switch self {
    case .legacyPrimary, .legacyReads: .legacy
    case .newReads, .newPrimary, .retired: .new
    }
  }

  package func role(of side: Doubt.Side) -> Fence.Role {
    switch (self, side) {
    case (.legacyPrimary, _), (.retired, .new): .free
    case (.retired, .legacy): .closed
    case (.legacyReads, _), (.newReads, _), (.newPrimary, _): side == owner ? .primary : .follower
    }
  }

  package var next: MigrationState? { moved(by: 1) }
  /// Nil too where there is no way back.
  package var previous: MigrationState? { self == .retired ? nil : moved(by: -1) }

  private func moved(by steps: Int) -> MigrationState? {
    guard let place = Self.allCases.firstIndex(of: self) else { return nil }
    let other = place + steps
    return Self.allCases.indices.contains(other) ? Self.allCases[other] : nil
  }

  /// Whether it is farther on the way.
  package func isBehind(_ other: MigrationState) -> Bool {
    (Self.allCases.firstIndex(of: self) ?? 0) > (Self.allCases.firstIndex(of: other) ?? 0)
  }

  /// For people.
  package var summary: String {
    switch self {
    case .legacyPrimary: "legacy is written and read; nothing follows"
    case .legacyReads: "legacy is written and read; the new side follows"
    case .newReads: "legacy is written, the new side follows and is read"
    case .newPrimary: "the new side is written and read; legacy follows"
    case .retired: "the new side is written and read; legacy is frozen"
    }
  }
}

extension Doubt.Side {
  package var other: Doubt.Side { self == .legacy ? .new : .legacy }

  /// `legacy` or `the new side`.
  package var title: String { self == .legacy ? "legacy" : "the new side" }
}

/// What a store lets happen to its table of a mapping: kept in that store, where it holds for every
/// writer, and asked in the transaction that writes.
package struct Fence: Sendable, Hashable {
  package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Nobody looks.
    case free
    /// Everybody may write, and every change is noted for the other side.
    case primary
    /// Only what is carried over from the other side is written.
    case follower
    /// As a follower, and about to change sides, or frozen.
    case closed
  }

  package var role: Role
  /// Of the decision that set it; a decision with a smaller one changes nothing any more.
  package var epoch: Int64
  /// Grows with every batch that is carried over; who does not know the last one writes nothing.
  package var step: Int64

  package init(_ role: Role = .free, epoch: Int64 = 0, step: Int64 = 0) {
    self.role = role
    self.epoch = epoch
    self.step = step
  }
}
