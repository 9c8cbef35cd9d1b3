// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions

/// Files with one mistake in them, and what is said of it.
enum MistakenFile {
  static let upstreams = """
    upstreams:
      legacy: { endpoints: [127.0.0.1:9001] }
      orders: { endpoints: [127.0.0.1:9002] }
    """

  static let rest = "  - { name: rest, match: { path: /** }, legacy: legacy }"

  static func diagnostics(_ text: String) -> [String] {
    ConfigurationFile.decode(text, file: "s.yaml").diagnostics.map(\.description)
  }

  /// A file whose fifth line is `line`, in the list of routes before one that takes the rest.
  static func route(_ line: String) -> [String] {
    diagnostics("\(upstreams)\nroutes:\n  - \(line)\n\(rest)\n")
  }

  /// A file whose first line is `line`, with sound upstreams and routes behind it.
  static func settings(_ line: String) -> [String] {
    let routes =
      "  - { name: orders, match: { path: /orders/** }, legacy: legacy, extracted: orders }"
    return diagnostics("\(line)\n\(upstreams)\nroutes:\n\(routes)\n\(rest)\n")
  }
}
