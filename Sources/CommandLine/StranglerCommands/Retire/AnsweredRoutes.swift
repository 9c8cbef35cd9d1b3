// SPDX-License-Identifier: Apache-2.0

internal import ControlPlane
internal import CutoverControl
internal import DependencyGraph
internal import RoutingDecisions
internal import StrangulationMeasures

/// Who answers the monolith's routes, and since when: from the configuration, a running proxy, the
/// journal of cutovers and the access log.
struct AnsweredRoutes {
  private let table: RoutingTable?
  /// Why there is no table.
  private let failure: String
  private let moves: JournalMoves
  private let isLive: Bool
  private let requests: [String: RouteEvidence.Requests]
  private let log: LegacyAnswers?
  /// Upstreams to which some route moves its users: a route that has one of them alone was moved
  /// for good.
  private let taking: Set<String>

  /// - Parameter admin: the proxy to ask; nil for none.
  static func look(
    _ file: StatusFile, _ admin: AdminOption?, _ journal: JournalOption, _ logs: [String]
  ) async throws -> AnsweredRoutes {
    let routes = await RoutesInSight.look(file, admin)
    if admin != nil, let failure = routes.evidence?.failure {
      throw CommandFailure.unusable(failure)
    }
    return AnsweredRoutes(
      routes, try await JournalMoves.read(journal, admin),
      try logs.isEmpty ? nil : LegacyAnswers(logs))
  }

  private init(_ routes: RoutesInSight, _ moves: JournalMoves, _ log: LegacyAnswers?) {
    table = routes.table
    failure = routes.failure
    isLive = routes.evidence?.isLive ?? false
    requests = routes.evidence?.requests ?? [:]
    taking = Set(routes.table?.configuration.routes.compactMap(\.extracted) ?? [])
    self.moves = moves
    self.log = log
  }

  /// What is known of a route that sources register.
  func standing(of method: String, _ path: String) -> RouteStanding {
    guard let table else { return RouteStanding(.unknown(failure)) }
    guard let request = RegisteredRoute.request(method, path) else {
      return RouteStanding(.unknown("the code computes a part of its path"))
    }
    guard let route = try? table.explain(RequestText(request)).route else {
      return RouteStanding(.unknown("no route of the proxy takes it"))
    }
    let name = route.name
    if taking.contains(route.legacy) {
      return RouteStanding(
        route: name, .service(since: moves.last[name]?.at ?? log?.begin),
        watchedSince: log?.begin)
    }
    // The journal knows better than the file, and the proxy best.
    let inFile = route.extracted == nil ? 0 : Double(route.percent.hundredths) / 100
    let move = moves.last[name]
    let percent = isLive ? inFile : move?.percent ?? inFile
    let last = log?.last[name]
    let since = move.flatMap { $0.percent >= 100 ? $0.at : nil }
    return RouteStanding(
      route: name, percent >= 100 ? .service(since: since) : .legacy(100 - percent),
      lastLegacy: last, watchedSince: log?.begin,
      legacyRequests: requests[name].map { Int($0.legacy) })
  }
}

/// The last move of each route that a journal tells.
struct JournalMoves {
  struct Move {
    /// Milliseconds since 1970.
    let at: Int64
    let percent: Double
  }

  private(set) var last: [String: Move] = [:]

  /// - Parameter admin: the proxy to ask where no journal is named; nil for none.
  static func read(_ journal: JournalOption, _ admin: AdminOption?) async throws -> JournalMoves {
    var moves = JournalMoves()
    if let store = try await journal.open() {
      let verdict = try await JournalOption.reading { try await store.verdict() }
      if let fault = verdict.fault {
        throw CommandFailure.unusable("the journal is not what was written: \(fault)")
      }
      try await moves.take { after in
        try await JournalOption.reading {
          try await store.page(after: after, limit: JournalPage.limit)
        }
      }
    } else if let connection = try admin?.connect() {
      // A proxy without a journal has nothing to tell, and then no route is proved.
      try? await moves.take { after in
        try await connection.get("/journal?after=\(after)&limit=\(JournalPage.limit)").decoded()
      }
    }
    return moves
  }

  private mutating func take(_ page: (UInt64) async throws -> JournalPage) async throws {
    var after: UInt64? = 0
    while let start = after {
      let found = try await page(start)
      for entry in found.entries {
        guard let at = LoggedTime.milliseconds(entry.at) else { continue }
        for move in entry.moves { last[move.route] = Move(at: at, percent: move.to) }
      }
      after = found.next
    }
  }
}
