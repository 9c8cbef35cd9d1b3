// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Draws services and what crosses their borders, in Graphviz or Mermaid. Small code bases show
/// their types; large ones are collapsed to services, whose edges carry the number of places.
package struct DiagramReport: Sendable {
  /// Types up to which they are drawn: more is a picture that nobody reads.
  package var mostTypes: Int

  /// Creates a renderer.
  package init(mostTypes: Int = 60) { self.mostTypes = mostTypes }

  private struct Edge: Hashable {
    var from: String
    var to: String
  }

  private func isCollapsed(_ study: BoundaryStudy) -> Bool {
    study.suggestion.services.reduce(0) { $0 + $1.types.count } > mostTypes
  }

  /// Places that cross, by border.
  private func borders(_ study: BoundaryStudy) -> [(edge: Edge, count: Int)] {
    Dictionary(grouping: study.suggestion.cuts) { Edge(from: $0.fromService, to: $0.toService) }
      .map { ($0.key, $0.value.count) }
      .sorted { ($0.edge.from, $0.edge.to) < ($1.edge.from, $1.edge.to) }
  }

  /// Links between types of services with the number of references.
  private func links(_ study: BoundaryStudy) -> [DependencyEdges.Link] {
    let services = Set(study.suggestion.services.map(\.name))
    func isDrawn(_ type: Int) -> Bool {
      study.service(of: TypeID(type)).map { services.contains(study.names[$0]) } ?? false
    }
    return study.typeLinks.filter { isDrawn($0.from) && isDrawn($0.to) }
  }

  /// Types of each service, in the order of extraction.
  private func members(_ study: BoundaryStudy) -> [(service: Service, types: [Int])] {
    var types: [String: [Int]] = [:]
    for index in study.model.types.indices {
      guard let service = study.service(of: TypeID(index)) else { continue }
      types[study.names[service], default: []].append(index)
    }
    return study.suggestion.services.map { ($0, types[$0.name] ?? []) }
  }

  private func label(_ service: Service) -> String {
    "\(service.order). \(service.name)"
  }

  private func size(_ service: Service) -> String {
    "\(counted(service.types.count, "type")), \(counted(service.tables.owned.count, "table"))"
  }

  /// Graphviz; ends with a line break.
  package func dot(_ study: BoundaryStudy) -> String {
    var lines = [
      "digraph services {", "  rankdir=LR; node [shape=box, fontsize=11]; edge [fontsize=9];",
    ]
    if isCollapsed(study) {
      for service in study.suggestion.services {
        let text = DiagramText.dot(label(service), size(service))
        lines.append("  \(DiagramText.dot(service.name)) [label=\(text)];")
      }
      for border in borders(study) {
        lines.append(
          "  \(DiagramText.dot(border.edge.from)) -> \(DiagramText.dot(border.edge.to)) "
            + "[label=\"\(border.count)\"];")
      }
    } else {
      for (number, (service, types)) in members(study).enumerated() {
        lines.append("  subgraph cluster_\(number) { label=\(DiagramText.dot(label(service)));")
        for type in types {
          lines.append(
            "    t\(type) [label=\(DiagramText.dot(study.model.types[type].qualifiedName))];")
        }
        lines.append("  }")
      }
      for link in links(study) {
        let crosses = study.service(of: TypeID(link.from)) != study.service(of: TypeID(link.to))
        lines.append(
          "  t\(link.from) -> t\(link.to) [label=\"\(link.count)\""
            + (crosses ? ", color=red" : "") + "];")
      }
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// Mermaid flow chart; ends with a line break.
  package func mermaid(_ study: BoundaryStudy) -> String {
    var lines = ["flowchart LR"]
    if isCollapsed(study) {
      var ids: [String: String] = [:]
      for (number, service) in study.suggestion.services.enumerated() {
        ids[service.name] = "s\(number)"
        let text = "\(label(service)): \(size(service))"
        lines.append("  s\(number)[\(DiagramText.mermaid(text))]")
      }
      let borders = borders(study)
      // What stays, where something crosses to or from it.
      for name in Set(borders.flatMap { [$0.edge.from, $0.edge.to] }).sorted()
      where ids[name] == nil {
        let id = "r\(ids.count)"
        ids[name] = id
        lines.append("  \(id)[\(DiagramText.mermaid(name))]")
      }
      for border in borders {
        guard let from = ids[border.edge.from], let to = ids[border.edge.to] else { continue }
        lines.append("  \(from) -->|\(border.count)| \(to)")
      }
    } else {
      for (number, (service, types)) in members(study).enumerated() {
        lines.append("  subgraph s\(number)[\(DiagramText.mermaid(label(service)))]")
        for type in types {
          lines.append(
            "    t\(type)[\(DiagramText.mermaid(study.model.types[type].qualifiedName))]")
        }
        lines.append("  end")
      }
      for link in links(study) {
        let crosses = study.service(of: TypeID(link.from)) != study.service(of: TypeID(link.to))
        lines.append("  t\(link.from) \(crosses ? "-.->" : "-->")|\(link.count)| t\(link.to)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
