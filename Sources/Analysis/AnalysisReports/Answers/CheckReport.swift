// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Renders a check against agreed borders, and the file that holds them.
package struct CheckReport: Sendable {
  /// Columns to fill.
  package var width: Int
  /// Emphasis.
  package var style: TextStyle

  /// Places listed of one crossing.
  private static let listedPlaces = 5
  /// Types that are new, listed by name.
  private static let listedTypes = 10

  /// Creates a renderer.
  package init(width: Int = 100, style: TextStyle = .plain) {
    self.width = width
    self.style = style
  }

  /// What failed with its places, then what only changed; ends with a line break.
  package func text(_ check: BaselineCheck) -> String {
    var sections: [[String]] = []
    sections.append(crossings("New crossings", check.new, mark: style.bad("fail")))
    if !check.stale.isEmpty {
      sections.append(
        [style.strong("Stale entries of the baseline (\(check.stale.count))")]
          + check.stale.flatMap {
            wrapped(
              "\(style.bad("fail")) \($0.from) -> \($0.to): \($0.symbol) (\($0.kind)) is gone; "
                + "write the baseline anew to keep what was won", width: width, indent: "  ")
          })
    }
    sections.append(crossings("Grown", check.grown, mark: style.warning("more")))
    sections.append(crossings("Shrunk", check.shrunk, mark: style.good("less")))
    if !check.newTypes.isEmpty {
      let named = check.newTypes.prefix(Self.listedTypes).map {
        "\($0.type) (\($0.service ?? "no service"))"
      }
      let rest = check.newTypes.count - named.count
      sections.append(
        wrapped(
          "New types, with the service they count to: " + named.joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more." : "."), width: width))
    }
    sections.append(wrapped(sentence(check), width: width))
    return TerminalText.document(sections: sections, style)
  }

  /// The result in one sentence.
  package func sentence(_ check: BaselineCheck) -> String {
    let places =
      "\(counted(check.places.now, "place")) cross the borders, "
      + "\(check.places.before) in the baseline"
    guard !check.passes else { return "The borders hold: \(places)." }
    var failures: [String] = []
    if !check.new.isEmpty { failures.append(counted(check.new.count, "new crossing")) }
    if !check.stale.isEmpty {
      failures.append("\(check.stale.count) stale \(check.stale.count == 1 ? "entry" : "entries")")
    }
    return "The borders do not hold: \(failures.joined(separator: " and ")); \(places)."
  }

  private func crossings(
    _ title: String, _ crossings: [BaselineCheck.Crossing], mark: String
  ) -> [String] {
    guard !crossings.isEmpty else { return [] }
    var lines = [style.strong("\(title) (\(crossings.count))")]
    for entry in crossings {
      let count = entry.crossing.count
      let change = entry.before == 0 ? "" : ", \(entry.before) before"
      lines += wrapped(
        "\(mark) \(entry.fromService) -> \(entry.toService): \(entry.crossing.from) uses "
          + "\(entry.crossing.symbol) of \(entry.crossing.to) (\(entry.crossing.kind)) at "
          + "\(counted(count, "place"))\(change)", width: width, indent: "  ")
      lines += entry.locations.prefix(Self.listedPlaces).map { style.dim("    " + $0.text) }
      let rest = entry.locations.count - Self.listedPlaces
      if rest > 0 { lines.append(style.dim("    and \(counted(rest, "more place"))")) }
    }
    return lines
  }

  /// The same as a JSON document with the schema `strangler.check/1`.
  package func json(_ check: BaselineCheck) -> String {
    JSONValue.object([
      ("schema", .string("strangler.check/1")),
      ("passes", .boolean(check.passes)), ("sentence", .string(sentence(check))),
      (
        "places",
        .object([
          ("now", .integer(check.places.now)), ("before", .integer(check.places.before)),
        ])
      ),
      ("new", .array(check.new.map(entry))),
      ("stale", .array(check.stale.map { .object(Self.members($0)) })),
      ("grown", .array(check.grown.map(entry))), ("shrunk", .array(check.shrunk.map(entry))),
      (
        "newTypes",
        .array(
          check.newTypes.map {
            .object(
              [
                ("type", .string($0.type)),
                ("service", $0.service.map { .string($0) } ?? .null),
              ] + $0.location.members)
          })
      ),
    ]).text
  }

  private func entry(_ entry: BaselineCheck.Crossing) -> JSONValue {
    .object(
      [
        ("fromService", .string(entry.fromService)), ("toService", .string(entry.toService)),
      ] + Self.members(entry.crossing) + [
        ("before", .integer(entry.before)),
        ("locations", .array(entry.locations.map { .object($0.members) })),
      ])
  }

  private static func members(_ crossing: BoundaryBaseline.Crossing) -> [(String, JSONValue)] {
    [
      ("from", .string(crossing.from)), ("to", .string(crossing.to)),
      ("symbol", .string(crossing.symbol)), ("kind", .string(crossing.kind)),
      ("count", .integer(crossing.count)),
    ]
  }

  /// The file that a later check reads; equal borders give equal bytes, and a line each, so that
  /// a review shows what changed.
  package func file(_ baseline: BoundaryBaseline) -> String {
    JSONValue.object([
      ("schema", .string(baseline.schema)),
      (
        "services",
        .array(
          baseline.services.map {
            .object([("name", .string($0.name)), ("types", .strings($0.types))])
          })
      ),
      ("setApart", .strings(baseline.setApart)),
      (
        "files",
        .object(
          (baseline.files ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
      ),
      ("takenApart", .strings(baseline.takenApart ?? [])),
      (
        "tableOwners",
        .object(
          (baseline.tableOwners ?? [:]).sorted { $0.key < $1.key }
            .map { ($0.key, .string($0.value)) })
      ),
      ("crossings", .array(baseline.crossings.map { .object(Self.members($0)) })),
    ]).text
  }
}
