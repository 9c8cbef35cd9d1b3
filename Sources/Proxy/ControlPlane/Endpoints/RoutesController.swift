// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions

/// `/routes` and `/routes/{name}`: what is in force, and changing percentages.
struct RoutesController {
  let routing: LiveRouting
  let unixMilliseconds: @Sendable () -> Int64

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/routes") { _, _ in list() }
    router.get("/routes/{name}") { _, context in
      try show(context.parameters.require("name"))
    }
    router.put("/routes/{name}") { request, context in
      try await change(context.parameters.require("name"), request, context)
    }
    router.refuse([.put, .post, .patch, .delete], "/routes", allow: "GET, HEAD")
    router.refuse([.post, .patch, .delete], "/routes/{name}", allow: "GET, HEAD, PUT")
  }

  private func list() -> Response {
    .json(.ok, RouteListing(routing.current.configuration).routes)
  }

  private func show(_ name: String) throws -> Response {
    let table = routing.current
    guard let index = table.routeIndex(named: name) else { throw unknown(name) }
    return .json(
      .ok,
      RouteDetails(
        route: RouteReport(table.configuration.routes[index]),
        history: routing.history(ofRoute: name).map(ChangeReport.init)))
  }

  private func change(
    _ name: String, _ request: Request, _ context: AdminRequestContext
  ) async throws -> Response {
    let order = try await PercentOrder(request)
    let actor = try Self.actor(request, context)
    do {
      let change = try routing.setPercent(
        route: name, to: order.percent, actor: actor, reason: order.reason,
        unixMilliseconds: unixMilliseconds())
      context.logger.notice(
        "percentage changed",
        metadata: [
          "route": "\(name)", "from": "\(change.from)", "to": "\(change.to)",
          "actor": "\(change.actor)", "reason": "\(change.reason)",
        ])
    } catch .unknownRoute {
      throw unknown(name)
    } catch .noExtractedUpstream {
      throw Problem(
        .conflict, "The route \"\(name)\" has no extracted upstream: all its users are legacy's.")
    }
    return try show(name)
  }

  private func unknown(_ name: String) -> Problem {
    Problem(.notFound, "There is no route \"\(name)\". GET /routes lists them.")
  }

  /// Who asks: the field `X-Actor`, which the caller vouches for, and the address it came from.
  private static func actor(_ request: Request, _ context: AdminRequestContext) throws -> String {
    guard let name = HTTPField.Name("X-Actor").flatMap({ request.headers[$0] }), !name.isEmpty
    else { return context.clientAddress }
    guard name.count <= 100 else { throw Problem(.badRequest, "X-Actor: at most 100 characters.") }
    return "\(name) (\(context.clientAddress))"
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
