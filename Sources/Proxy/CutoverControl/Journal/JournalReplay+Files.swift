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
