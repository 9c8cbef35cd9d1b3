// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions

/// `/routes` and `/routes/{name}`: what is in force, and changing percentages.
struct RoutesController {
  private static let example = #"{"percent": 25, "actor": "ann", "reason": "..."}"#

  let routing: LiveRouting
  /// nil without a journal: percentages then live as long as the process.
  let runner: CutoverRunner?
  let unixMilliseconds: @Sendable () -> Int64

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/routes") { _, _ in list() }
    router.get("/routes/{name}") { _, context in
      try show(context.parameters.require("name"))
    }
    router.put("/routes/{name}") { request, context in
      try await change(context.parameters.require("name"), request, context)
    }
  }

  private func list() -> Response {
    let (version, table) = routing.snapshot()
    return tagged(version, .json(.ok, RouteListing(table.configuration).routes))
  }

  private func show(
    _ name: String, _ status: HTTPResponse.Status = .ok
  ) throws -> Response {
    let (version, table) = routing.snapshot()
    guard let index = table.routeIndex(named: name) else { throw unknown(name) }
    let details = RouteDetails(
      route: RouteReport(table.configuration.routes[index]),
      history: routing.history(ofRoute: name).map(ChangeReport.init))
    return tagged(version, .json(status, details))
  }

  private func tagged(_ version: UInt64, _ response: Response) -> Response {
    var response = response
    response.headers[.eTag] = Self.tag(version)
    return response
  }

  private func change(
    _ name: String, _ request: Request, _ context: AdminRequestContext
  ) async throws -> Response {
    let body = try await OrderBody(request, ["percent", "skip-gates"], example: Self.example)
    let percent = try body.percent()
    let version = try Self.expectedVersion(request)
    if let runner {
      let order = try body.order(context)
      let skipsGates = try body.flag("skip-gates", default: false)
      let status = try await CutoversController.carryOut(runner) {
        try await runner.setShare(
          ofRoute: name, to: percent, skipsGates: skipsGates, expecting: version, by: order)
      }
      return try show(name, status)
    }
    let reason = try body.reason
    let actor = try body.claimedActor(context) ?? context.clientAddress
    do {
      let change = try routing.setPercent(
        route: name, to: percent, actor: actor, reason: reason, expecting: version,
        unixMilliseconds: unixMilliseconds())
      context.logger.notice(
        "percentage changed",
        metadata: [
          "route": "\(name)", "from": "\(change.from)", "to": "\(change.to)",
          "actor": "\(change.actor)", "reason": "\(change.reason)",
        ])
    } catch {
      throw problem(error, name)
    }
    return try show(name)
  }

  private func problem(_ error: PercentChangeError, _ name: String) -> Problem {
    switch error {
    case .unknownRoute: unknown(name)
    case .noExtractedUpstream:
      Problem(
        .conflict, "The route \"\(name)\" has no extracted upstream: all its users are legacy's.")
    case .keptWithLegacy: Problem(CutoverRefusal.killSwitchIsOn)
    case .outdated(let version):
      Problem(
        .preconditionFailed,
        "Something was changed since: version \(version) is in force. Look again, then decide.",
        headers: [.eTag: Self.tag(version)])
    }
  }

  private static func tag(_ version: UInt64) -> String { "\"\(version)\"" }

  /// `If-Match` with the `ETag` of an answer before; nil without one, and for `*`.
  private static func expectedVersion(_ request: Request) throws -> UInt64? {
    guard let field = request.headers[.ifMatch], field != "*" else { return nil }
    guard field.hasPrefix("\""), field.hasSuffix("\""), field.count > 2,
      let version = WholeNumber.parse(field.dropFirst().dropLast())
    else {
      throw Problem(.badRequest, "If-Match: expected the ETag of GET /routes, such as \"7\".")
    }
    return version
  }

  private func unknown(_ name: String) -> Problem {
    Problem(.notFound, "There is no route \"\(name)\". GET /routes lists them.")
  }
}

/// A route with the changes of its percentage, oldest first.
private struct RouteDetails: Encodable {
  let route: RouteReport
  let history: [ChangeReport]

  func encode(to encoder: any Encoder) throws {
    try route.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(history, forKey: .history)
  }

  private enum CodingKeys: CodingKey {
    case history
  }
}

private struct ChangeReport: Encodable {
  let at: String
  let actor: String
  let reason: String
  let from: Double
  let to: Double

  init(_ change: PercentChange) {
    at = Timestamp.text(change.unixMilliseconds)
    actor = change.actor
    reason = change.reason
    from = Double(change.from.hundredths) / 100
    to = Double(change.to.hundredths) / 100
  }
}
