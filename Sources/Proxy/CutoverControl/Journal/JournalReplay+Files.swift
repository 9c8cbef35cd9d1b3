// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Configuration files and the journal: a share that was set live stays until the file's own number
/// for the route is another one. Whoever edits the number in the file means it.
extension JournalReplay {
  /// Routes that an entry names of those that wait for the end of a freeze, and plans passed by.
  private static let mostNamed = 5
  /// Who moves routes by editing the file.
  package static let fileActor = "configuration file"

  /// Where each split route has to stand.
  ///
  /// - Parameter file: what the file that is in force says of each.
  package func shares(file: [String: Percentage]) -> [String: Percentage] {
    if installation?.isKilled == true { return file.mapValues { _ in .zero } }
    return Dictionary(
      file.map { route, share in
        if let stays = held(route, at: share) { return (route, stays) }
        let isAsBefore = installation?.fileShares[route] == share
        return (route, isAsBefore ? percentages[route] ?? share : share)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Where a route stays while everything is frozen, though a file that was edited says more. What
  /// takes users back is not held.
  private func held(_ route: String, at share: Percentage) -> Percentage? {
    guard let installation, installation.isFrozen, installation.fileShares[route] != share else {
      return nil
    }
    let stands = percentages[route] ?? installation.fileShares[route] ?? .zero
    return share > stands ? stands : nil
  }

  /// The record of what a file that was read moves, and of what it says; nil when the journal knows
  /// both.
  ///
  /// - Parameters:
  ///   - cause: who had it read, and how.
  ///   - plans: the plan of each route that has one; raises past it are told of.
  package func reading(
    file: [String: Percentage], cause: String? = nil, plans: [String: String] = [:], time: Int64,
    configurationHash: String
  ) -> JournalRecord? {
    let known = installation?.fileShares ?? [:]
    let moves = shares(file: file).sorted { $0.key < $1.key }.compactMap { route, share in
      let stood = percentages[route] ?? known[route] ?? file[route] ?? share
      return stood == share ? nil : JournalRecord.Move(route: route, from: stood, to: share)
    }
    var state = installation ?? InstallationState()
    // A raise that is held is none that is known: when nothing is frozen any more it is new.
    let waiting = state.isKilled ? [:] : file.filter { held($0.key, at: $0.value) != nil }
    state.fileShares = file.filter { waiting[$0.key] == nil }
      .merging(known.filter { waiting[$0.key] != nil }) { number, _ in number }
    state.heldShares = waiting.isEmpty ? nil : waiting
    if moves.isEmpty, installation == state { return nil }
    var parts = ["configuration read"]
    if let cause { parts.append(cause) }
    let passed = Set(moves.filter { $0.to > $0.from }.compactMap { plans[$0.route] }).sorted()
    if !passed.isEmpty {
      let names = passed.prefix(Self.mostNamed).map { "\"\($0)\"" }.joined(separator: ", ")
      parts.append(
        "past the gates of \(names)"
          + (passed.count > Self.mostNamed ? " and \(passed.count - Self.mostNamed) more" : ""))
    }
    if !waiting.isEmpty {
      let names = waiting.sorted { $0.key < $1.key }.prefix(Self.mostNamed)
        .map { "\($0.key) to \($0.value) %" }
      parts.append(
        "frozen, so \(names.joined(separator: ", "))"
          + (waiting.count > names.count ? " and \(waiting.count - names.count) more" : "")
          + " is taken up when it no longer is")
    }
    return JournalRecord(
      .moved, time: time, actor: Self.fileActor, reason: parts.joined(separator: ": "),
      moves: moves, configurationHash: configurationHash, state: state.json)
  }
}

/// Files of several proxies that share a journal. They are rolled out one after the other, so two
/// may differ for a while: what the journal knows of a route counts for all, whatever a file says.
extension JournalReplay {
  /// Where each split route of a proxy has to stand.
  package func sharedShares(file: [String: Percentage]) -> [String: Percentage] {
    if installation?.isKilled == true { return file.mapValues { _ in .zero } }
    return Dictionary(
      file.map { route, share in
        // Nobody is moved forward while everything is frozen, by a route that is new either.
        let unknown = installation?.isFrozen == true ? .zero : share
        return (route, percentages[route] ?? installation?.fileShares[route] ?? unknown)
      },
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
      .merging(installation?.heldShares ?? [:]) { $1 }
      .merging(file.filter { route, number in former.map { $0[route] != number } ?? false }) { $1 }
  }
}

extension JournalRecord {
  /// The same behind what others wrote meanwhile: what takes users back takes back what they raised
  /// too, and what is on for all routes stays on.
  package func goingOn(from replay: JournalReplay) -> JournalRecord {
    var record = self
    record.moves = moves.map { move in
      Move(route: move.route, from: replay.percentages[move.route] ?? move.from, to: move.to)
    }
    let known = Set(moves.map(\.route))
    record.moves += takenBack(replay).filter { !known.contains($0) }.sorted().compactMap { route in
      guard let from = replay.percentages[route], from > .zero else { return nil }
      return Move(route: route, from: from, to: .zero)
    }
    if cutover == nil, let own = installation, let journaled = replay.installation {
      var state = own
      state.isKilled = own.isKilled || journaled.isKilled
      state.isFrozen = own.isFrozen || journaled.isFrozen
      // Nobody is moved when the kill switch is taken off, so nothing is raised below it.
      if state.isKilled {
        record.moves = record.moves.map { Move(route: $0.route, from: $0.from, to: .zero) }
      }
      if actor != JournalReplay.fileActor {
        (state.fileShares, state.heldShares) = (journaled.fileShares, journaled.heldShares)
      }
      record.state = state.json
    }
    return record
  }

  /// The routes that have to be with legacy by this record.
  private func takenBack(_ replay: JournalReplay) -> [String] {
    if cutover == nil {
      return installation?.isKilled == true ? Array(replay.percentages.keys) : []
    }
    guard let state, let journaled = try? JournaledCutover(json: state),
      journaled.state.phase == .rolledBack
    else { return [] }
    return journaled.plan.routes
  }

  /// What it says of all routes; nil when it says nothing of them.
  private var installation: InstallationState? {
    cutover == nil ? state.flatMap { try? InstallationState(json: $0) } : nil
  }

  /// Whether an entry is this record, whatever others wrote before it.
  package func isTold(by other: JournalRecord) -> Bool {
    let ends = Dictionary(other.moves.map { ($0.route, $0.to) }, uniquingKeysWith: { $1 })
    guard moves.allSatisfy({ ends[$0.route] == $0.to || ends[$0.route] == .zero }) else {
      return false
    }
    var (one, other) = (self, other)
    (one.moves, other.moves) = ([], [])
    if cutover == nil { (one.state, other.state) = (nil, nil) }
    return one == other
  }
}
