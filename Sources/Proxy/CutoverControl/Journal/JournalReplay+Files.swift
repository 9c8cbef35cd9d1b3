// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Configuration files and the journal: a share that was set live stays until the file's own number
/// for the route is another one. Whoever edits the number in the file means it.
extension JournalReplay {
  /// Who moves routes by editing the file.
  package static let fileActor = "configuration file"

  /// Where each split route has to stand.
  ///
  /// - Parameter file: what the file that is in force says of each.
  package func shares(file: [String: Percentage]) -> [String: Percentage] {
    if installation?.isKilled == true { return file.mapValues { _ in .zero } }
    return Dictionary(
      file.map { route, share in
        let isAsBefore = installation?.fileShares[route] == share
        return (route, isAsBefore ? percentages[route] ?? share : share)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The record of what a file that was read moves, and of what it says; nil when the journal knows
  /// both.
  package func reading(
    file: [String: Percentage], time: Int64, configurationHash: String
  ) -> JournalRecord? {
    let known = installation?.fileShares ?? [:]
    let moves = shares(file: file).sorted { $0.key < $1.key }.compactMap { route, share in
      let stood = percentages[route] ?? known[route] ?? file[route] ?? share
      return stood == share ? nil : JournalRecord.Move(route: route, from: stood, to: share)
    }
    if moves.isEmpty, installation?.fileShares == file { return nil }
    var state = installation ?? InstallationState()
    state.fileShares = file
    return JournalRecord(
      .moved, time: time, actor: Self.fileActor, reason: "configuration read", moves: moves,
      configurationHash: configurationHash, state: state.json)
  }
}

/// Files of several proxies that share a journal. They are rolled out one after the other, so two
/// may differ for a while: what the journal knows of a route counts for all, whatever a file says.
extension JournalReplay {
  /// Where each split route of a proxy has to stand.
  package func sharedShares(file: [String: Percentage]) -> [String: Percentage] {
    if installation?.isKilled == true { return file.mapValues { _ in .zero } }
    return Dictionary(
      file.map { ($0, percentages[$0] ?? installation?.fileShares[$0] ?? $1) },
      uniquingKeysWith: { first, _ in first })
  }

  /// What the leader's file is taken to say: numbers that its reading changed and routes that
  /// nobody knew. That another proxy leads, with an older file, moves nobody.
  ///
  /// - Parameter former: what the same file said before; nil at a start.
  package func sharedFile(
    _ file: [String: Percentage], former: [String: Percentage]?
  ) -> [String: Percentage] {
    let known = installation?.fileShares ?? [:]
    return known.merging(file) { journaled, number in journaled }
      .merging(file.filter { route, number in former.map { $0[route] != number } ?? false }) { $1 }
  }
}

extension JournalRecord {
  /// The same for routes that others moved meanwhile.
  package func goingOn(from replay: JournalReplay) -> JournalRecord {
    var record = self
    record.moves = moves.map { move in
      Move(route: move.route, from: replay.percentages[move.route] ?? move.from, to: move.to)
    }
    return record
  }

  /// Whether an entry is this record, wherever its routes stood before.
  package func isTold(by other: JournalRecord) -> Bool {
    var (one, other) = (self, other)
    let ends = (one.moves.map { [$0.route: $0.to] }, other.moves.map { [$0.route: $0.to] })
    (one.moves, other.moves) = ([], [])
    return one == other && ends.0 == ends.1
  }
}
