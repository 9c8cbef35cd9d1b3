// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

extension RetirementReport {
  /// The same as a JSON document with the schema `strangler.retirement/1`.
  package func json(_ plan: RetirementPlan) -> String {
    JSONValue.object([
      ("schema", .string("strangler.retirement/1")), ("service", .string(plan.service)),
      ("isReady", .boolean(plan.isReady)), ("sentence", .string(sentence(plan))),
      ("routes", .array(plan.routes.map(Self.route))),
      ("files", .array(plan.files.map(Self.file))), ("edits", .array(plan.edits.map(Self.use))),
      (
        "tables",
        .array(
          plan.tables.map {
            .object([
              ("name", .string($0.name)), ("fate", .string($0.fate.rawValue)),
              ("uses", .array($0.uses.map { .object($0.members) })),
            ])
          })
      ), ("jobs", .strings(plan.jobs)), ("tests", .strings(plan.tests)),
      ("doubts", .strings(plan.doubts)),
    ]).text
  }

  private static func route(_ route: RetirementPlan.Route) -> JSONValue {
    let standing = route.standing
    func time(_ moment: Int64?) -> JSONValue { moment.map { .integer(Int($0)) } ?? .null }
    let (side, percent, since): (String, JSONValue, Int64?) =
      switch standing.side {
      case .unknown: ("unknown", .null, nil)
      case .legacy(let percent): ("legacy", .number(percent), nil)
      case .service(let since): ("service", .number(0), since)
      }
    return .object(
      [
        ("method", .string(route.method)), ("path", .string(route.path)),
        ("handler", .string(route.handler)),
        ("route", standing.route.map { .string($0) } ?? .null), ("side", .string(side)),
        ("legacyPercent", percent), ("since", time(since)),
        ("lastLegacy", time(standing.lastLegacy)), ("watchedSince", time(standing.watchedSince)),
        ("legacyRequests", standing.legacyRequests.map { .integer($0) } ?? .null),
        ("objections", .strings(route.objections)),
      ] + route.location.members)
  }

  private static func file(_ file: RetirementPlan.File) -> JSONValue {
    .object([
      ("path", .string(file.path)), ("lines", .integer(file.lines)),
      ("fate", .string(file.fate.rawValue)),
      (
        "types",
        .array(
          file.types.map { type in
            .object(
              [
                ("name", .string(type.name)), ("fate", .string(type.fate.rawValue)),
                ("isOfService", .boolean(type.isOfService)),
                ("uses", .array(type.uses.map(use))), ("needs", .strings(type.needs)),
                ("routes", .strings(type.routes)),
              ] + type.location.members)
          })
      ), ("uses", .array(file.uses.map(use))), ("doubts", .strings(file.doubts)),
    ])
  }

  private static func use(_ use: RetirementPlan.Use) -> JSONValue {
    .object(
      [
        ("from", .string(use.from)), ("symbol", .string(use.symbol)),
        ("kind", .string(use.kind)), ("isGuess", .boolean(use.isGuess)),
      ] + use.location.members)
  }
}
