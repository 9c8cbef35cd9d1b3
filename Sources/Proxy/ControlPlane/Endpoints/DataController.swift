// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// `/data`: tables that move while they are written, orders to them, and comparisons.
struct DataController {
  private static let example = #"{"actor": "ann", "reason": "..."}"#
  private static let finalExample = #"{"actor": "ann", "reason": "...", "confirm": "orders"}"#
  /// Longest name of a mapping that is confirmed, in characters.
  static let longestName = 500

  /// nil when the configuration has no section data.
  let office: DataOffice?
  /// Whether whoever gives orders has to prove who they are.
  let hasToken: Bool

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/data") { _, _ in
      let office = try running()
      return Response.json(.ok, try await Self.answering { try await office.overview() })
    }
    router.get("/data/{name}") { _, context in
      let name = try context.parameters.require("name")
      let office = try running()
      return Response.json(.ok, try await Self.answering { try await office.status(of: name) })
    }
    router.get("/data/{name}/plan") { _, context in
      let name = try context.parameters.require("name")
      let office = try running()
      return Response.json(.ok, try await Self.answering { try await office.plan(of: name) })
    }
    router.get("/data/{name}/check") { _, context in
      let name = try context.parameters.require("name")
      let office = try running()
      return Response.json(.ok, try await Self.answering { try await office.check(name) })
    }
    for action in DataOrder.Action.allCases {
      router.post(RouterPath("/data/{name}/\(action.rawValue)")) { request, context in
        let (name, actor, reason) = try await words(
          request, context, isFinal: action == .retire)
        return try await give(DataOrder(action, name, actor: actor, reason: reason))
      }
    }
    router.get("/data/{name}/verify") { _, context in
      let name = try context.parameters.require("name")
      let office = try running()
      guard
        let verification = try await Self.answering({ try await office.verification(of: name) })
      else {
        throw Problem(
          .notFound, "Nobody has compared \(name) since this proxy started: POST to this path does."
        )
      }
      return Response.json(.ok, verification)
    }
    router.post("/data/{name}/verify") { request, context in
      let (name, actor, reason) = try await words(request, context)
      let office = try journaled()
      return Response.json(
        .accepted,
        try await Self.answering { try await office.verify(name, actor: actor, reason: reason) })
    }
  }

  /// - Parameter isFinal: whether the mapping's name has to be said twice, as there is no way back.
  private func words(
    _ request: Request, _ context: AdminRequestContext, isFinal: Bool = false
  ) async throws -> (name: String, actor: String, reason: String) {
    let name = try context.parameters.require("name")
    let body = try await OrderBody(
      request, isFinal ? ["confirm"] : [], example: isFinal ? Self.finalExample : Self.example)
    let order = try body.order(context)
    if isFinal, try body.text("confirm", longest: Self.longestName) != name {
      throw Problem(
        .conflict, "There is no way back from retired: confirm has to be \(name), and is not.")
    }
    return (name, order.actor, order.reason)
  }

  private func give(_ order: DataOrder) async throws -> Response {
    let office = try journaled()
    let given = try await Self.answering { try await office.give(order) }
    let details = given.details.joined(separator: "; ")
    switch given.state {
    case .running, .done:
      let status = try await Self.answering { try await office.status(of: order.mapping) }
      return Response.json(given.state == .done ? .ok : .accepted, status)
    case .refused:
      throw Problem(
        .conflict, "To \(order.action.rawValue) \(order.mapping), this is missing: \(details).")
    case .turnedBack: throw Problem(.conflict, "\(order.mapping) was turned back: \(details).")
    case .failed: throw Problem(.serviceUnavailable, details)
    }
  }

  private func running() throws -> DataOffice {
    guard let office else {
      throw Problem(
        .conflict,
        "This proxy moves no data: its configuration has no section data, with stores and mappings."
      )
    }
    return office
  }

  /// Orders are written into a journal, and that needs somebody to vouch for who gave them.
  private func journaled() throws -> DataOffice {
    let office = try running()
    guard hasToken else {
      throw Problem(
        .conflict,
        "Orders about data are journaled, which needs somebody to vouch for who gives them: set "
          + "proxy.admin-token-file or proxy.admin-token-env.")
    }
    return office
  }

  private static func answering<Value: Sendable>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as DataRefusal {
      throw Problem(refusal)
    }
  }
}

extension Problem {
  init(_ refusal: DataRefusal) {
    let status: HTTPResponse.Status =
      switch refusal {
      case .unknownMapping: .notFound
      case .unfit, .busy: .conflict
      case .unusable: .serviceUnavailable
      }
    self.init(status, refusal.text)
  }
}
