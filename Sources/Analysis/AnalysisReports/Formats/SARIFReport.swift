// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders findings and cuts as SARIF 2.1.0 (OASIS), which code hosts show beside the lines.
///
/// Columns count UTF-8 bytes, as everywhere in the analysis; SARIF knows no such unit and is told
/// code points, which is the same on every line without other characters before the place.
public struct SARIFReport: Sendable {
  /// Version of the tool, for `driver.version`.
  private let version: String

  /// Creates a renderer.
  public init(version: String) { self.version = version }

  /// Findings with their severity and cuts as notes; ends with a line break.
  public func render(_ suggestion: BoundarySuggestion) -> String {
    log(
      suggestion.findings.map(result)
        + suggestion.cuts.map { cut in
          Result(
            rule: "crossing-reference", level: "note",
            message: "\(cut.fromType) uses \(cut.symbol) of \(cut.target): "
              + "\(cut.fromService) would need \(cut.toService); replace it by "
              + "\(cut.seam.phrase).",
            locations: [cut.location],
            fingerprint: [
              cut.fromService, cut.toService, cut.fromType, cut.target, cut.symbol, cut.kind.name,
            ])
        })
  }

  /// What makes a check fail as errors, growth as warnings; ends with a line break.
  ///
  /// - Parameter baseline: path of the baseline, relative to the folder that was analysed where it
  ///   stands below that, else absolute.
  package func render(_ check: BaselineCheck, baseline: String) -> String {
    func entry(_ entry: BaselineCheck.Crossing, _ rule: String, _ level: String) -> Result {
      let crossing = entry.crossing
      let before = entry.before == 0 ? "" : ", \(entry.before) in the baseline"
      return Result(
        rule: rule, level: level,
        message: "\(crossing.from) uses \(crossing.symbol) of \(crossing.to) at "
          + "\(counted(crossing.count, "place"))\(before): \(entry.fromService) needs "
          + "\(entry.toService).",
        locations: entry.locations,
        fingerprint: [crossing.from, crossing.to, crossing.symbol, crossing.kind])
    }
    return log(
      check.new.map { entry($0, "new-crossing", "error") }
        + check.stale.map { crossing in
          Result(
            rule: "stale-baseline-entry", level: "error",
            message: "Nothing matches \(crossing.from) -> \(crossing.to), \(crossing.symbol) "
              + "(\(crossing.kind)) any more; write the baseline anew.",
            locations: [Location(file: baseline, line: 1, column: 1)],
            fingerprint: [crossing.from, crossing.to, crossing.symbol, crossing.kind])
        } + check.grown.map { entry($0, "grown-crossing", "warning") })
  }

  private struct Result {
    var rule: String
    var level: String
    var message: String
    var locations: [Location]
    /// What stays the same when lines move; results that share it are numbered.
    var fingerprint: [String]
  }

  private func result(_ finding: LocatedFinding) -> Result {
    Result(
      rule: finding.id, level: finding.severity.rawValue, message: finding.message,
      locations: finding.locations,
      fingerprint: [finding.id, finding.locations.first?.file ?? ""]
        + [finding.message.filter { !$0.isNumber }])
  }

  /// Code hosts refuse a result without a place. What is told about the run as a whole is what
  /// SARIF calls a notification (3.58).
  private func log(_ all: [Result]) -> String {
    let results = all.filter { !$0.locations.isEmpty }
    let notes = all.filter(\.locations.isEmpty)
    let rules = Set(results.map(\.rule)).sorted()
    let told = Set(notes.map(\.rule)).sorted()
    var occurrences: [[String]: Int] = [:]
    let written = results.map { result in
      occurrences[result.fingerprint, default: 0] += 1
      return self.result(result, rules, occurrence: occurrences[result.fingerprint] ?? 1)
    }
    return JSONValue.object([
      ("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")),
      ("version", .string("2.1.0")),
      (
        "runs",
        .array([
          .object([
            (
              "tool",
              .object([
                (
                  "driver",
                  .object([
                    ("name", .string("strangler")), ("version", .string(version)),
                    ("rules", .array(rules.map(rule))),
                    ("notifications", .array(told.map(rule))),
                  ])
                )
              ])
            ),
            (
              "invocations",
              .array([
                .object([
                  ("executionSuccessful", .boolean(true)),
                  ("toolExecutionNotifications", .array(notes.map { notification($0, told) })),
                ])
              ])
            ),
            ("columnKind", .string("unicodeCodePoints")),
            (
              "originalUriBaseIds",
              .object([
                (
                  "SRCROOT",
                  .object([
                    (
                      "description",
                      .object([("text", .string("The folder that was analysed."))])
                    )
                  ])
                )
              ])
            ),
            ("results", .array(written)),
          ])
        ])
      ),
    ]).text
  }

  private func rule(_ id: String) -> JSONValue {
    .object([
      ("id", .string(id)),
      ("shortDescription", .object([("text", .string(FindingRules.title(of: id)))])),
      ("help", .object([("text", .string(FindingRules.help(of: id)))])),
    ])
  }

  private func notification(_ note: Result, _ told: [String]) -> JSONValue {
    .object([
      (
        "descriptor",
        .object([
          ("id", .string(note.rule)), ("index", .integer(told.firstIndex(of: note.rule) ?? -1)),
        ])
      ),
      ("level", .string(note.level)),
      ("message", .object([("text", .string(note.message))])),
    ])
  }

  private func result(_ result: Result, _ rules: [String], occurrence: Int) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("ruleId", .string(result.rule)),
      ("ruleIndex", .integer(rules.firstIndex(of: result.rule) ?? -1)),
      ("level", .string(result.level)),
      ("message", .object([("text", .string(result.message))])),
    ]
    if let first = result.locations.first {
      members.append(("locations", .array([place(first)])))
      let related = result.locations.dropFirst()
      if !related.isEmpty { members.append(("relatedLocations", .array(related.map(place)))) }
    }
    members.append(
      (
        "partialFingerprints",
        .object([
          (
            "crossing/v1",
            .string((result.fingerprint + ["\(occurrence)"]).joined(separator: "|"))
          )
        ])
      ))
    return .object(members)
  }

  private func place(_ location: Location) -> JSONValue {
    .object([
      (
        "physicalLocation",
        .object([
          (
            "artifactLocation",
            .object(
              location.file.hasPrefix("/")
                ? [("uri", .string("file://" + Self.uri(location.file)))]
                : [
                  ("uri", .string(Self.uri(location.file))), ("uriBaseId", .string("SRCROOT")),
                ])
          ),
          (
            "region",
            .object([
              ("startLine", .integer(max(1, location.line))),
              ("startColumn", .integer(max(1, location.column))),
            ])
          ),
        ])
      )
    ])
  }

  /// A relative URI reference (RFC 3986): everything but unreserved characters and `/` is escaped.
  static func uri(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var uri = ""
    for byte in path.utf8 {
      let scalar = Unicode.Scalar(byte)
      if byte < 0x80,
        scalar.properties.isAlphabetic || "0123456789-._~/".unicodeScalars.contains(scalar)
      {
        uri.unicodeScalars.append(scalar)
      } else {
        uri += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return uri
  }
}
