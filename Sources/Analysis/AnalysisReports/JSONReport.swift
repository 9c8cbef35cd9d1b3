// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders a suggestion as JSON. Keys have a fixed order, lists the order of the suggestion; equal
/// suggestions give equal bytes.
///
/// Shape: `schema`, `verdict {decision, reason}`, `services [{name, order, reason, scores
/// {cohesion, coupling, instability, stability}, blockers {cycles, sharedWrites, transactions},
/// effort {size, points, places, files, contracts, tables, transactions, smallestEdit {edits, moves
/// [{type, fromService, toService}], places [{file, line, column, symbol, kind}]}}, routes
/// [{method, path}], tables {owned, shared}, jobs, authors [{name, changes, team}], types [{name,
/// module, file, line, stability}], files}]`, `sharedKernel`, `compositionRoots`, `remainder {name,
/// types, parts [{type, member, service, file, line, column}], core {types, divided, areas, inside,
/// between, hubs [{type, references, areas, file, line, column}]}, tables {owned, shared}, routes
/// [{method, path}], jobs}` or null, `routesOfNoService [{method, path}]`,
/// `modules [{name, types, usedBy}]`, `findings [{id, severity,
/// message, locations [{file, line, column}]}]`, `cuts [{fromService, toService,
/// fromType, target, file, line, column, symbol, kind, seam, evidence}]`,
/// `quality {modularity, stability, gamma, services, runs, folderShare, likenessWithoutFolders,
/// references, crossingReferences}`, `coverage {files, lines,
/// types, parseFailures, leftOut, tiers {name: references}}`, `doubts {references, syntactic,
/// byNameAlone,
/// uncertainCuts [{file, line, column}], placements [{type, service, stability, rival, pulledAway,
/// file, line, column}], untied}`. Scores are shares from 0 to 1 with four decimals; lines and
/// UTF-8 columns count from 1. A change that breaks readers raises the number in `schema`.
/// `fixtures/schemas/boundary-suggestion.schema.json` is the contract.
public struct JSONReport: Sendable {
  /// Value of the key `schema`.
  public static let schema = "strangler.boundary-suggestion/1"

  /// Creates a renderer.
  public init() {}

  /// The document; ends with a line break.
  public func render(_ suggestion: BoundarySuggestion) -> String {
    JSONValue.object([
      ("schema", .string(Self.schema)),
      (
        "verdict",
        .object([
          ("decision", .string(suggestion.verdict.decision.rawValue)),
          ("reason", .string(suggestion.verdict.reason)),
        ])
      ),
      ("services", .array(suggestion.services.map(service))),
      ("sharedKernel", .strings(suggestion.sharedKernel)),
      ("compositionRoots", .strings(suggestion.compositionRoots)),
      ("remainder", suggestion.remainder.map(remainder) ?? .null),
      ("routesOfNoService", routes(suggestion.routesOfNoService)),
      ("modules", .array(suggestion.modules.map(module))),
      ("findings", .array(suggestion.findings.map(\.json))),
      ("doubts", doubts(suggestion.doubts)),
      ("cuts", .array(suggestion.cuts.map(\.json))),
      ("quality", quality(suggestion.quality)),
      ("coverage", coverage(suggestion.coverage)),
    ]).text
  }

  private func remainder(_ remainder: Remainder) -> JSONValue {
    .object([
      ("name", .string(remainder.name)), ("types", .strings(remainder.types)),
      (
        "parts",
        .array(
          remainder.parts.map {
            .object(
              [
                ("type", .string($0.type)), ("member", .string($0.member)),
                ("service", $0.service.map { .string($0) } ?? .null),
              ] + $0.location.members)
          })
      ),
      ("core", remainder.core.map(core) ?? .null),
      ("tables", tables(remainder.tables)), ("routes", routes(remainder.routes)),
      ("jobs", .strings(remainder.jobs)),
    ])
  }

  private func core(_ core: Remainder.Core) -> JSONValue {
    .object([
      ("types", .integer(core.types)), ("divided", .integer(core.divided)),
      ("areas", .integer(core.areas)), ("inside", .integer(core.inside)),
      ("between", .integer(core.between)),
      (
        "hubs",
        .array(
          core.hubs.map {
            .object(
              [
                ("type", .string($0.type)), ("references", .integer($0.references)),
                ("areas", .integer($0.areas)),
              ] + $0.location.members)
          })
      ),
    ])
  }

  private func module(_ module: CodeModule) -> JSONValue {
    .object([
      ("name", .string(module.name)), ("types", .strings(module.types)),
      ("usedBy", .strings(module.usedBy)),
    ])
  }

  private func routes(_ routes: [Service.Route]) -> JSONValue {
    .array(
      routes.map { .object([("method", .string($0.method)), ("path", .string($0.path))]) })
  }

  private func tables(_ tables: Service.Tables) -> JSONValue {
    .object([("owned", .strings(tables.owned)), ("shared", .strings(tables.shared))])
  }

  private func service(_ service: Service) -> JSONValue {
    let scores = service.scores
    return .object([
      ("name", .string(service.name)),
      ("order", .integer(service.order)),
      ("reason", .string(service.reason)),
      (
        "scores",
        .object([
          ("cohesion", .number(scores.cohesion)), ("coupling", .number(scores.coupling)),
          ("instability", .number(scores.instability)), ("stability", .number(scores.stability)),
        ])
      ),
      (
        "blockers",
        .object([
          ("cycles", .strings(service.blockers.cycles)),
          ("sharedWrites", .strings(service.blockers.sharedWrites)),
          ("transactions", .strings(service.blockers.transactions)),
        ])
      ),
      ("effort", effort(service.effort)),
      ("routes", routes(service.routes)), ("tables", tables(service.tables)),
      ("jobs", .strings(service.jobs)),
      (
        "authors",
        .array(
          service.authors.map {
            .object([
              ("name", .string($0.name)), ("changes", .integer($0.changes)),
              ("team", $0.team.map { .string($0) } ?? .null),
            ])
          })
      ),
      ("types", .array(service.types.map(member))),
      ("files", .strings(service.files)),
    ])
  }

  private func effort(_ effort: Service.Effort) -> JSONValue {
    let edit = effort.smallestEdit
    return .object([
      ("size", .string(effort.size.rawValue)), ("points", .integer(effort.points)),
      ("places", .integer(effort.places)),
      ("files", .integer(effort.files)), ("contracts", .integer(effort.contracts)),
      ("tables", .integer(effort.tables)), ("transactions", .integer(effort.transactions)),
      (
        "smallestEdit",
        .object([
          ("edits", .integer(edit.edits)),
          (
            "moves",
            .array(
              edit.moves.map {
                .object([
                  ("type", .string($0.type)), ("fromService", .string($0.from)),
                  ("toService", .string($0.to)),
                ])
              })
          ),
          (
            "places",
            .array(
              edit.places.map {
                .object(
                  $0.location.members + [
                    ("symbol", .string($0.symbol)), ("kind", .string($0.kind.name)),
                  ])
              })
          ),
        ])
      ),
    ])
  }

  private func member(_ member: Service.Member) -> JSONValue {
    .object([
      ("name", .string(member.name)), ("module", .string(member.module)),
      ("file", .string(member.location.file)), ("line", .integer(member.location.line)),
      ("stability", .number(member.stability)),
    ])
  }

  private func quality(_ quality: Quality) -> JSONValue {
    .object([
      ("modularity", .number(quality.modularity)), ("stability", .number(quality.stability)),
      ("gamma", .number(quality.gamma)), ("services", .integer(quality.services)),
      ("runs", .integer(quality.runs)), ("folderShare", .number(quality.folderShare)),
      (
        "likenessWithoutFolders",
        quality.likenessWithoutFolders.map { .number($0) } ?? .null
      ),
      ("references", .integer(quality.references)),
      ("crossingReferences", .integer(quality.crossingReferences)),
    ])
  }

  private func doubts(_ doubts: Doubts) -> JSONValue {
    func placements(_ list: [Doubts.Placement]) -> JSONValue {
      .array(
        list.map {
          .object(
            [
              ("type", .string($0.type)), ("service", .string($0.service)),
              ("stability", .number($0.stability)),
              ("rival", $0.rival.map { .string($0) } ?? .null),
              ("pulledAway", .boolean($0.isPulledAway)),
            ] + $0.location.members)
        })
    }
    return .object([
      ("references", .integer(doubts.references)), ("syntactic", .integer(doubts.syntactic)),
      ("byNameAlone", .integer(doubts.byNameAlone)),
      ("uncertainCuts", .array(doubts.uncertainCuts.map { .object($0.members) })),
      ("placements", placements(doubts.placements)), ("untied", placements(doubts.untied)),
    ])
  }

  private func coverage(_ coverage: Coverage) -> JSONValue {
    .object([
      ("files", .integer(coverage.files)), ("lines", .integer(coverage.lines)),
      ("types", .integer(coverage.types)), ("parseFailures", .integer(coverage.parseFailures)),
      ("leftOut", .integer(coverage.leftOut)),
      (
        "tiers",
        .object(coverage.tiers.map { ($0.name.rawValue, .integer($0.references)) })
      ),
    ])
  }
}

extension LocatedFinding {
  var json: JSONValue {
    .object([
      ("id", .string(id)), ("severity", .string(severity.rawValue)),
      ("message", .string(message)),
      ("locations", .array(locations.map { .object($0.members) })),
    ])
  }
}

extension Cut {
  var json: JSONValue {
    .object(
      [
        ("fromService", .string(fromService)), ("toService", .string(toService)),
        ("fromType", .string(fromType)), ("target", .string(target)),
      ] + location.members + [
        ("symbol", .string(symbol)), ("kind", .string(kind.name)),
        ("seam", .string(seam.rawValue)), ("evidence", .string(evidence.rawValue)),
      ])
  }
}

extension Location {
  /// The members that say where something is.
  var members: [(String, JSONValue)] {
    [("file", .string(file)), ("line", .integer(line)), ("column", .integer(column))]
  }
}
