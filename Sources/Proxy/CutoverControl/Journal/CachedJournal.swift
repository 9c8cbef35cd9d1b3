// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What a proxy knew of a shared journal last, in a file of its own, for a start without the
/// journal.
///
/// It is no journal: nothing is proved by it, and all of it is read anew as soon as the journal can
/// be reached.
package struct CachedJournal: Sendable, Equatable, Codable {
  /// Of this shape; another one is not read.
  private static let version = 1

  private var version = Self.version
  package let installation: String
  /// The journal's end.
  package let sequence: UInt64
  package let head: String
  /// What its entries add up to.
  package let replay: JournalReplay
  /// When it was written, milliseconds since 1970.
  package let time: Int64

  package init(installation: String, chain: JournalChain, replay: JournalReplay, time: Int64) {
    self.installation = installation
    (sequence, head) = (chain.sequence, chain.head.description)
    self.replay = replay
    self.time = time
  }

  /// nil where the hash is none.
  package var chain: JournalChain? {
    JournalHash(head).map { JournalChain(sequence: sequence, head: $0) }
  }

  /// One line of JSON.
  package var json: String { JSONText.line(self) }

  /// Reads what `json` wrote.
  ///
  /// - Throws: `CutoverJournalError`, with the code `otherInstallation` where it belongs to another
  ///   one than is asked for.
  package init(json: String, installation: String) throws(CutoverJournalError) {
    do {
      self = try JSONDecoder().decode(CachedJournal.self, from: Data(json.utf8))
    } catch {
      throw CutoverJournalError(.broken, "it is not what was written", cause: error)
    }
    guard version == Self.version, chain != nil, replay.sequence == sequence else {
      throw CutoverJournalError(.broken, "it is not what was written")
    }
    guard self.installation == installation else {
      throw CutoverJournalError(
        .otherInstallation,
        "it is of the installation \"\(self.installation)\", not of \"\(installation)\"")
    }
  }
}
