// SPDX-License-Identifier: Apache-2.0

/// What a team demands of a division, as written:
///
///     together A B ...      these stand in one cluster
///     apart A B             these do not
///     pin A SERVICE         A stands in the cluster of that name
///     forbid A B            no link from A to B may cross a border
///     size LEAST MOST       items of a cluster; MOST may be `-`
package struct ClusterConstraints: Sendable {
  /// Demands that cannot all hold: the smallest set found that contradicts itself, as lines.
  package struct Conflict: Error, Sendable, Equatable {
    package var lines: [Int]
    package var reason: String
  }

  struct Statement: Sendable {
    enum Demand: Sendable {
      case together([String])
      case apart(String, String)
      case pin(String, service: String)
      case forbid(String, String)
      case size(least: Int, most: Int?)
    }
    var line: Int
    var demand: Demand
  }

  let statements: [Statement]
  private let numberOfName: [String: Int]

  /// Reads the demands; every name must be an item of the graph.
  package init(_ text: String, _ graph: ItemGraph) throws(LineError) {
    var numbers: [String: Int] = [:]
    for node in graph.divided { numbers[graph.names[node]] = node }
    var statements: [Statement] = []
    for (line, words) in try RigiStandardFormat.lines(text) {
      statements.append(Statement(line: line, demand: try Self.demand(words, line: line)))
      for name in statements[statements.count - 1].names where numbers[name] == nil {
        throw LineError(line: line, message: "expected an item of the graph, found `\(name)`")
      }
    }
    self.statements = statements
    numberOfName = numbers
  }

  private static func demand(
    _ words: [String], line: Int
  ) throws(LineError) -> Statement.Demand {
    switch (words[0], words.count) {
    case ("together", 3...): return .together(Array(words.dropFirst()))
    case ("apart", 3): return .apart(words[1], words[2])
    case ("pin", 3): return .pin(words[1], service: words[2])
    case ("forbid", 3): return .forbid(words[1], words[2])
    case ("size", 3):
      if let least = Int(words[1]), least >= 1, words[2] == "-" || Int(words[2]) != nil {
        return .size(least: least, most: Int(words[2]))
      }
    default: break
    }
    throw LineError(
      line: line,
      message: "expected `together A B ...`, `apart A B`, `pin A SERVICE`, `forbid A B` or "
        + "`size LEAST MOST`, found `\(words.joined(separator: " "))`")
  }

  /// Least number of items of a cluster; nil where nothing was demanded.
  package var leastItems: Int? {
    statements.compactMap { statement in
      if case .size(let least, _) = statement.demand { least } else { nil }
    }.max()
  }

  /// Service of each pinned item.
  package var pins: [String: String] {
    var pins: [String: String] = [:]
    for statement in statements {
      if case .pin(let name, let service) = statement.demand { pins[name] = service }
    }
    return pins
  }

  /// The demands as rules, or what contradicts itself.
  package func rules(_ graph: ItemGraph) throws(Conflict) -> ClusterRules {
    var services: [String: Int] = [:]
    var ties: [ConstraintTie] = []
    var apart: [(first: Int, second: Int, line: Int?)] = []
    var sizes: [(least: Int, most: Int?, line: Int)] = []
    for statement in statements {
      let line = statement.line
      let nodes = statement.names.compactMap { numberOfName[$0] }
      switch statement.demand {
      case .together:
        for node in nodes.dropFirst() { ties.append(ConstraintTie(nodes[0], node, line)) }
      case .apart: apart.append((nodes[0], nodes[1], line))
      case .pin(_, let service):
        let number = services[service] ?? graph.names.count + services.count
        services[service] = number
        ties.append(ConstraintTie(nodes[0], number, line))
      case .forbid:
        // A link that may not cross a border keeps its ends together.
        if graph.links.contains(where: { $0.from == nodes[0] && $0.to == nodes[1] }) {
          ties.append(ConstraintTie(nodes[0], nodes[1], line))
        }
      case .size(let least, let most): sizes.append((least, most, line))
      }
    }
    for first in services.values {
      for second in services.values where first < second { apart.append((first, second, nil)) }
    }
    let search = ConflictSearch(
      ties: ties, apart: apart.sorted { ($0.first, $0.second) < ($1.first, $1.second) },
      sizes: sizes, items: graph.divided.count, nodes: graph.names.count)
    if let conflict = search.smallest() { throw conflict }
    return search.rules()
  }
}

extension ClusterConstraints.Statement {
  /// Items that it speaks of.
  var names: [String] {
    switch demand {
    case .together(let names): names
    case .apart(let first, let second), .forbid(let first, let second): [first, second]
    case .pin(let name, _): [name]
    case .size: []
    }
  }
}
