// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ConfigurationFiles
internal import RoutingDecisions

/// A configuration that the proxy accepts. Code registers routes that a proxy cannot tell apart or
/// match; such a route becomes a comment that says why, and its requests stay with the monolith.
struct StartingConfiguration {
  let text: String
  /// Names of routes that became comments.
  let leftOut: [String]
  /// Services that have a route.
  let services: Int

  /// Mistakes are found in a few turns: those of single values first, then those of routes that
  /// hide others.
  private static let mostTurns = 20

  init(_ rendered: String, file: String) throws(CommandFailure) {
    var lines = Self.lines(rendered)
    if rendered.utf8.count > ConfigurationFile.maximumSize {
      // The file is for the proxy first; what its comments say stands in the report too.
      lines.removeAll { $0.hasPrefix("  #") }
    }
    var leftOut: [String] = []
    for _ in 0..<Self.mostTurns {
      let decoded = ConfigurationFile.decode(lines.joined(separator: "\n"), file: file)
      if decoded.configuration != nil { break }
      // Each turn takes routes away.
      let before = leftOut.count
      for diagnostic in decoded.diagnostics where diagnostic.severity == .error {
        guard let line = diagnostic.location.map({ $0.line - 1 }), lines.indices.contains(line),
          let name = Self.route(in: lines[line]), name != AnalysisReports.RouteConfiguration.rest
        else { continue }
        let reason = TerminalText.escaped(
          diagnostic.message.split(whereSeparator: \.isNewline).joined(separator: " "))
        lines[line] = "  # left out, \(reason):\n  #  " + lines[line].dropFirst(3)
        leftOut.append(name)
      }
      lines = Self.lines(lines.joined(separator: "\n"))
      guard leftOut.count > before else { break }
    }
    let used = Set(lines.compactMap { Self.upstream(ofRoute: $0) })
    lines.removeAll { line in
      Self.upstream(in: line).map { $0 != "legacy" && !used.contains($0) } ?? false
    }
    text = lines.joined(separator: "\n")
    self.leftOut = leftOut
    services = used.count
    let decoded = ConfigurationFile.decode(text, file: file)
    guard decoded.configuration != nil, text.utf8.count <= ConfigurationFile.maximumSize else {
      let problem = decoded.diagnostics.first { $0.severity == .error }?.description
      throw CommandFailure.unusable(
        "the analysis gives no usable configuration: "
          + (problem ?? "it would be larger than \(ConfigurationFile.maximumSize >> 10) KiB"))
    }
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// `  - { name: orders, ...` gives `orders`.
  private static func route(in line: String) -> String? {
    let start = "  - { name: "
    guard line.hasPrefix(start) else { return nil }
    return String(line.dropFirst(start.count).prefix { $0 != "," })
  }

  /// The service that a route can go to.
  private static func upstream(ofRoute line: String) -> String? {
    guard route(in: line) != nil, let key = line.firstRange(of: ", extracted: ") else { return nil }
    return String(line[key.upperBound...].prefix { $0 != "," })
  }

  /// `  orders: { endpoints: [...] }` gives `orders`.
  private static func upstream(in line: String) -> String? {
    guard line.hasPrefix("  "), !line.hasPrefix("  #"),
      let key = line.firstRange(of: ": { endpoints: [")
    else { return nil }
    return String(line[..<key.lowerBound].dropFirst(2))
  }
}
