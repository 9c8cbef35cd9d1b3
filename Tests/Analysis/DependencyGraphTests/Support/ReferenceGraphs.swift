// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import SampleModels
import Testing

/// Published graphs and divisions under `fixtures/graphs`.
enum ReferenceGraphs {
  struct System {
    var model: CodeModel
    var names: [String]
    var links: [(Int, Int)]
    var truth: Partition
  }

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../../fixtures/graphs").standardized

  static func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  private static func triples(_ path: String) throws -> [[Substring]] {
    try text(path).split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
      .filter { $0.count == 3 }
  }

  /// Cluster of each item.
  static func clustering(_ path: String) throws -> [String: String] {
    var clusters: [String: String] = [:]
    for line in try triples(path) { clusters[String(line[2])] = String(line[1]) }
    return clusters
  }

  static func partition(_ items: [String], _ clusters: [String: String]) throws -> Partition {
    var numbers: [String: Int32] = [:]
    return Partition(
      try items.map { item in
        let cluster = try #require(clusters[item])
        let number = numbers[cluster] ?? Int32(numbers.count)
        numbers[cluster] = number
        return number
      })
  }

  /// A system with its expert division; items that the graph or the division lacks are left out.
  static func system(_ name: String) throws -> System {
    let clusters = try clustering("recovery/\(name)-clustering.rsf")
    let lines = try triples("recovery/\(name)-dependency.rsf")
    let names = Set(lines.flatMap { [String($0[1]), String($0[2])] })
      .filter { clusters[$0] != nil }.sorted()
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }
    let links = lines.compactMap { line -> (Int, Int)? in
      guard let from = numbers[String(line[1])], let to = numbers[String(line[2])], from != to
      else { return nil }
      return (from, to)
    }
    var builder = ModelBuilder()
    for name in names { builder.type(name.replacing(".", with: "_"), folder: "S", file: name) }
    for (from, to) in links {
      builder.refer(names[from].replacing(".", with: "_"), names[to].replacing(".", with: "_"))
    }
    return System(
      model: builder.model, names: names, links: links, truth: try partition(names, clusters))
  }

  /// Graph between the items that experts divided, and their division, by name.
  static func recovery(
    _ graph: String, _ clustering: String
  ) throws -> (graph: ItemGraph, truth: Partition) {
    let clusters = try self.clustering(clustering)
    let graph = try RigiStandardFormat.graph(text(graph)).restricted { clusters[$0] != nil }
    return (graph, try partition(graph.divided.map { graph.names[$0] }, clusters))
  }
}
