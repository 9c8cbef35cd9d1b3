// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import RoutingDecisions

/// A configuration that the proxy accepts. Code registers routes that a proxy cannot tell apart or
/// match; such a route becomes a comment that says why, and its requests stay with the monolith.
struct StartingConfiguration {
  let text: String
  /// Routes that became comments.
  let leftOut: Int

  init(_ rendered: String, file: String) throws(CommandFailure) {
    var lines = rendered.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var leftOut = 0
    while true {
      let text = lines.joined(separator: "\n")
      let decoded = ConfigurationFile.decode(text, file: file)
      if decoded.configuration != nil {
        self.text = text
        self.leftOut = leftOut
        return
      }
      // Each turn takes routes away, so this ends.
      let before = leftOut
      for diagnostic in decoded.diagnostics where diagnostic.severity == .error {
        guard let line = diagnostic.location.map({ $0.line - 1 }), lines.indices.contains(line),
          lines[line].hasPrefix("  - {")
        else { continue }
        let reason = diagnostic.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        lines[line] = "  # left out, \(reason):\n  #  " + lines[line].dropFirst(3)
        leftOut += 1
      }
      guard leftOut > before else {
        let problem = decoded.diagnostics.first { $0.severity == .error }
        throw CommandFailure.unusable(
          "the analysis gives no usable configuration: \(problem?.description ?? "no reason given")"
        )
      }
      lines = lines.joined(separator: "\n")
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
