// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What somebody, or a gate, did: the content of a journal entry.
package struct JournalRecord: Sendable, Equatable {
  /// What the entry is about.
  package enum Kind: Sendable, Equatable {
    /// Routes were moved by hand, or by a file.
    case moved
    /// A cutover acted, or wrote its state down.
    case cutover
    /// Routes went back to what they were after an entry.
    case reverted(to: UInt64)
  }

  /// One route's move.
  package struct Move: Sendable, Equatable {
    package let route: String
    package let from: Percentage
    package let to: Percentage

    package init(route: String, from: Percentage, to: Percentage) {
      self.route = route
      self.from = from
      self.to = to
    }
  }

  package var kind: Kind
  /// Milliseconds since 1970.
  package var time: Int64
  /// Who did it: a person's name, or the part of the proxy that did.
  package var actor: String
  /// Why, in words.
  package var reason: String
  /// No person decided it.
  package var isAutomatic: Bool
  /// The cutover it belongs to.
  package var cutover: String?
  /// Routes that moved, all at the same moment.
  package var moves: [Move]
  /// Hash of the configuration in force, as hexadecimal text.
  package var configurationHash: String
  /// What a restart goes on with: the cutover behind the entry (`JournaledCutover`), or of the
  /// whole installation (`InstallationState`) in an entry that belongs to none.
  package var state: String?
  /// Where the evidence is kept.
  package var evidence: String?

  package init(
    _ kind: Kind, time: Int64, actor: String, reason: String, isAutomatic: Bool = false,
    cutover: String? = nil, moves: [Move] = [], configurationHash: String, state: String? = nil,
    evidence: String? = nil
  ) {
    self.kind = kind
    self.time = time
    self.actor = actor
    self.reason = reason
    self.isAutomatic = isAutomatic
    self.cutover = cutover
    self.moves = moves
    self.configurationHash = configurationHash
    self.state = state
    self.evidence = evidence
  }
}

/// An entry of the journal: a record, its place, and the hash that ties it to all before it.
package struct JournalEntry: Sendable, Equatable {
  /// From 1, without gaps.
  package let sequence: UInt64
  /// Hash of the entry before; for the first that of the installation's name.
  package let previous: JournalHash
  package let record: JournalRecord
  /// SHA-256 of `canonicalBytes`.
  package let hash: JournalHash

  /// As it was read from a store, true or not; `JournalVerifier` tells.
  package init(
    sequence: UInt64, previous: JournalHash, record: JournalRecord, hash: JournalHash
  ) {
    self.sequence = sequence
    self.previous = previous
    self.record = record
    self.hash = hash
  }

  init(sequence: UInt64, after previous: JournalHash, _ record: JournalRecord) {
    let bytes = JournalEncoding.bytes(sequence: sequence, previous: previous, record)
    self.init(
      sequence: sequence, previous: previous, record: record, hash: JournalHash(of: bytes))
  }

  /// What is hashed, and what a store may keep; see `JournalEncoding`.
  package var canonicalBytes: [UInt8] {
    JournalEncoding.bytes(sequence: sequence, previous: previous, record)
  }
}
