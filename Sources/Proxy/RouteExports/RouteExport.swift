// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Proxies whose configuration routes can be written as.
package enum ExportFormat: String, Sendable, CaseIterable {
  case envoy
  case gatewayAPI = "gateway-api"
  case nginx
  case haproxy

  /// As sentences call it.
  package var product: String {
    switch self {
    case .envoy: "Envoy"
    case .gatewayAPI: "Gateway API"
    case .nginx: "nginx"
    case .haproxy: "HAProxy"
    }
  }
}

/// The routes of a configuration as that of another proxy, and what it cannot say.
///
/// The text routes each request as `RoutingTable.decide` does, with the shares of the
/// configuration, as far as no note says otherwise.
package struct RouteExport: Sendable {
  package let format: ExportFormat
  /// The configuration's file. The notes stand at its head.
  package let text: String
  /// What the target cannot express.
  package let notes: [ExportNote]

  package init(_ table: RoutingTable, as format: ExportFormat) {
    self.format = format
    var plan = ExportPlan(table, for: format)
    let body =
      switch format {
      case .nginx: NginxExport(&plan).text
      case .haproxy: HAProxyExport(&plan).text
      case .envoy: EnvoyExport(&plan).text
      case .gatewayAPI: GatewayAPIExport(&plan).text
      }
    notes = plan.notes
    text = (Self.head(format, plan.notes) + body).joined(separator: "\n") + "\n"
  }

  /// Whether each request goes where the proxy would send it.
  package var routesAlike: Bool { !notes.contains { $0.affects == .routing } }

  /// An object with `format` and `notes`, each with `affects`, `route`, `setting` and `instead`.
  package var notesJSON: String {
    JSONText.encode(Document(format: format.rawValue, notes: notes))
  }

  private struct Document: Encodable {
    let format: String
    let notes: [ExportNote]
  }

  private static func head(_ format: ExportFormat, _ notes: [ExportNote]) -> [String] {
    let told = notes.isEmpty ? [] : ["", "What is not as with strangler:"]
    let lines = ["Routes of strangler for \(format.product). \(format.place)"] + told
    return (lines + notes.map { "- \($0.text)" }).flatMap { CommentText.lines($0) } + [""]
  }
}

extension ExportFormat {
  /// What to do with the file.
  fileprivate var place: String {
    switch self {
    case .nginx: "To be included in http { }, as files of conf.d are."
    case .haproxy: "A whole configuration."
    case .envoy: "A whole bootstrap."
    case .gatewayAPI: "For a Gateway called strangler in the same namespace."
    }
  }
}

/// Texts as comments, which nothing in them may end.
enum CommentText {
  private static let width = 100

  /// The text as lines of comment, broken between words.
  static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    var line = "#"
    for word in escaped(text).split(separator: " ", omittingEmptySubsequences: false) {
      if line.utf8.count + 1 + word.utf8.count > width, line.utf8.count > 3 {
        lines.append(line)
        line = "#  "
      }
      line += word.isEmpty && line == "#" ? "" : " " + word
    }
    return lines + [line]
  }

  /// One line of printable ASCII.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      (0x20...0x7E).contains(scalar.value) ? String(scalar) : scalar.escaped(asASCII: true)
    }.joined()
  }
}
