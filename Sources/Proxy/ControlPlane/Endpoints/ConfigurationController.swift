// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Hummingbird
internal import ProxyDataPlane
internal import RoutingDecisions

/// `POST /reload` reads the configuration again; `GET /config` says what is in force and what was
/// refused last.
struct ConfigurationController {
  let routing: LiveRouting
  /// nil when the program handed its configuration over and there is nothing to read.
  let reloader: ConfigurationReloader?
  /// nil when the configuration names no journal.
  let runner: CutoverRunner?

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/config") { _, _ in await show() }
    router.post("/reload") { _, context in try await reload(context) }
  }

  private func show() async -> Response {
    let held = await runner?.installation.heldShares ?? [:]
    let outcomes = reloader?.outcomes
    return .json(
      .ok,
      Status(
        version: routing.version, routes: RouteListing(routing.current.configuration).routes,
        live: routing.livePercentages.map {
          LivePercentage(
            route: $0.route, percent: $0.percent, file: $0.file, isHeld: held[$0.route] != nil)
        },
        lastApplied: outcomes?.applied.map(OutcomeReport.init),
        lastRejected: outcomes?.rejected.map(OutcomeReport.init)))
  }

  private func reload(_ context: AdminRequestContext) async throws -> Response {
    guard let reloader else {
      throw Problem(
        .conflict, "The program that runs this proxy made its configuration: nothing to read.")
    }
    let outcome = await reloader.reload(cause: "POST /reload from \(context.clientAddress)")
    guard case .failure(let refusal) = outcome.result else {
      return .json(.ok, OutcomeReport(outcome))
    }
    let status: HTTPResponse.Status =
      if case .invalid = refusal { .unprocessableContent } else { .conflict }
    throw Problem(
      status, "Nothing was changed. " + refusal.reasons.joined(separator: "\n"))
  }
}

private struct Status: Encodable {
  let version: UInt64
  let routes: [RouteReport]
  let live: [LivePercentage]
  let lastApplied: OutcomeReport?
  let lastRejected: OutcomeReport?
}

private struct OutcomeReport: Encodable {
  let at: String
  let cause: String
  let changes: [ConfigurationChange.Item]?
  let reasons: [String]?

  init(_ outcome: ConfigurationReloader.Outcome) {
    at = Timestamp.text(outcome.unixMilliseconds)
    cause = outcome.cause
    switch outcome.result {
    case .success(let change):
      changes = change.items
      reasons = nil
    case .failure(let refusal):
      changes = nil
      reasons = refusal.reasons
    }
  }
}
