// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Renders every dependency of a code base for other tools.
package struct EdgeListReport: Sendable {
  /// Creates a renderer.
  package init() {}

  /// Rigi Standard Format: `depends FROM TO WEIGHT`, one line for each pair of nodes.
  package func rsf(_ graph: DependencyEdges) -> String {
    graph.links.map { link in
      let (from, to) = (graph.nodes[link.from], graph.nodes[link.to])
      return "depends \(RigiStandardFormat.word(from)) \(RigiStandardFormat.word(to)) "
        + "\(decimal(link.weight))\n"
    }.joined()
  }

  /// Every single reference with kind, weight, tier and place, and the pairs that they and places
  /// inside of types tie; schema `strangler.graph/1`.
  package func json(_ graph: DependencyEdges) -> String {
    JSONValue.object([
      ("schema", .string("strangler.graph/1")), ("level", .string(graph.level.rawValue)),
      ("nodes", .strings(graph.nodes)),
      (
        "edges",
        .array(
          graph.edges.map { edge in
            .object(
              [
                ("from", .string(graph.nodes[edge.from])),
                ("to", .string(graph.nodes[edge.to])),
                ("kind", .string(edge.kind.rawValue)), ("weight", .number(edge.weight)),
                ("tier", .string(edge.tier.rawValue)), ("symbol", .string(edge.symbol)),
              ] + edge.location.members)
          })
      ),
      (
        "links",
        .array(
          graph.links.map { link in
            .object([
              ("from", .string(graph.nodes[link.from])), ("to", .string(graph.nodes[link.to])),
              ("places", .integer(link.count)), ("weight", .number(link.weight)),
            ])
          })
      ),
    ]).text
  }

  /// Graphviz, one edge for each pair of nodes with the number of places.
  package func dot(_ graph: DependencyEdges) -> String {
    var lines = ["digraph dependencies {", "  rankdir=LR; node [shape=box, fontsize=10];"]
    for link in graph.links {
      lines.append(
        "  \(DiagramText.dot(graph.nodes[link.from])) -> \(DiagramText.dot(graph.nodes[link.to])) "
          + "[label=\"\(link.count)\"];")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }
}

/// Names as the diagram languages want them.
enum DiagramText {
  /// A quoted Graphviz identifier or label of several lines.
  static func dot(_ lines: String...) -> String {
    let escaped = lines.map { line in
      var text = ""
      for character in TerminalText.escaped(line) {
        if character == "\"" || character == "\\" { text.append("\\") }
        text.append(character)
      }
      return text
    }
    return "\"" + escaped.joined(separator: "\\n") + "\""
  }

  /// A quoted Mermaid label: what would end it or start an entity is written as one.
  static func mermaid(_ name: String) -> String {
    var text = "\""
    for character in TerminalText.escaped(name) {
      switch character {
      case "\"": text += "#quot;"
      case "#": text += "#35;"
      case "<": text += "#lt;"
      case ">": text += "#gt;"
      default: text.append(character)
      }
    }
    return text + "\""
  }
}
