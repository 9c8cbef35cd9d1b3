// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders a suggestion as JSON. Keys have a fixed order, lists the order of the suggestion; equal
/// suggestions give equal bytes.
///
/// Shape: `schema`, `verdict {decision, reason}`, `services [{name, order, reason, scores
/// {cohesion, coupling, instability, stability}, routes [{method, path}], tables {owned, shared},
/// jobs, types [{name, module, file, line, stability}], files}]`, `sharedKernel`,
/// `compositionRoots`, `findings [{id, severity, message, locations [{file, line, column}]}]`,
/// `cuts [{fromService, toService, fromType, target, file, line, column, symbol, kind, seam}]`,
/// `quality {modularity, stability, gamma, services, runs, references, crossingReferences}`,
/// `coverage {files, lines, types, parseFailures, tiers {name: references}}`. Scores are shares
/// from 0 to 1 with four decimals; lines and UTF-8 columns count from 1. A change that breaks
/// readers raises the number in `schema`.
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
      ("findings", .array(suggestion.findings.map(finding))),
      ("cuts", .array(suggestion.cuts.map(cut))),
      ("quality", quality(suggestion.quality)),
      ("coverage", coverage(suggestion.coverage)),
    ]).text
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
        "routes",
        .array(
          service.routes.map {
            .object([("method", .string($0.method)), ("path", .string($0.path))])
          })
      ),
      (
        "tables",
        .object([
          ("owned", .strings(service.tables.owned)), ("shared", .strings(service.tables.shared)),
        ])
      ),
      ("jobs", .strings(service.jobs)),
      ("types", .array(service.types.map(member))),
      ("files", .strings(service.files)),
    ])
  }

  private func member(_ member: Service.Member) -> JSONValue {
    .object([
      ("name", .string(member.name)), ("module", .string(member.module)),
      ("file", .string(member.location.file)), ("line", .integer(member.location.line)),
      ("stability", .number(member.stability)),
    ])
  }

  private func finding(_ finding: LocatedFinding) -> JSONValue {
    .object([
      ("id", .string(finding.id)), ("severity", .string(finding.severity.rawValue)),
      ("message", .string(finding.message)),
      ("locations", .array(finding.locations.map { .object(place($0)) })),
    ])
  }

  private func cut(_ cut: Cut) -> JSONValue {
    .object(
      [
        ("fromService", .string(cut.fromService)), ("toService", .string(cut.toService)),
        ("fromType", .string(cut.fromType)), ("target", .string(cut.target)),
      ] + place(cut.location) + [
        ("symbol", .string(cut.symbol)), ("kind", .string(cut.kind.name)),
        ("seam", .string(cut.seam.rawValue)),
      ])
  }

  private func place(_ location: Location) -> [(String, JSONValue)] {
    [
      ("file", .string(location.file)), ("line", .integer(location.line)),
      ("column", .integer(location.column)),
    ]
  }

  private func quality(_ quality: Quality) -> JSONValue {
    .object([
      ("modularity", .number(quality.modularity)), ("stability", .number(quality.stability)),
      ("gamma", .number(quality.gamma)), ("services", .integer(quality.services)),
      ("runs", .integer(quality.runs)), ("references", .integer(quality.references)),
      ("crossingReferences", .integer(quality.crossingReferences)),
    ])
  }

  private func coverage(_ coverage: Coverage) -> JSONValue {
    .object([
      ("files", .integer(coverage.files)), ("lines", .integer(coverage.lines)),
      ("types", .integer(coverage.types)), ("parseFailures", .integer(coverage.parseFailures)),
      (
        "tiers",
        .object(coverage.tiers.map { ($0.name.rawValue, .integer($0.references)) })
      ),
    ])
  }
}
