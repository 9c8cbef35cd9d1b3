// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Renders every dependency of a code base for other tools.
package struct EdgeListReport: Sendable {
  /// Creates a renderer.
  package init() {}

  /// Rigi Standard Format: `depends FROM TO WEIGHT`, one line for each pair of nodes. A name with
  /// spaces stands in quotes.
  package func rsf(_ graph: DependencyEdges) -> String {
    graph.links.map { link in
      "depends \(Self.token(graph.nodes[link.from])) \(Self.token(graph.nodes[link.to])) "
        + "\(decimal(link.weight))\n"
    }.joined()
  }

  private static func token(_ name: String) -> String {
    name.contains { $0.isWhitespace } ? "\"\(name)\"" : name
  }

  /// Every single reference with kind, weight, tier and place; schema `strangler.graph/1`.
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
    ]).text
  }

  /// Graphviz, one edge for each pair of nodes with the number of references.
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
  /// A quoted Graphviz identifier.
  static func dot(_ name: String) -> String {
    var text = "\""
    for character in name {
      if character == "\"" || character == "\\" { text.append("\\") }
      text.append(character)
    }
    return text + "\""
  }

  /// A quoted Mermaid label: what would end it or start an entity is written as one.
  static func mermaid(_ name: String) -> String {
    var text = "\""
    for character in name {
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
