// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `strangler analyze cluster` and `strangler analyze metrics` on graphs of any language.
@Suite struct GraphCommandTests {
  /// Two rings of six, joined by one link.
  private static let graph =
    (0..<6).flatMap { item in
      ["a", "b"].flatMap { area in
        (1...2).map { "depends \(area)\(item) \(area)\((item + $0) % 6)\n" }
      }
    }.joined() + "depends a0 b0\n"

  private static let areas =
    (0..<6).map { "contain first a\($0)\n" }.joined()
    + (0..<6).map { "contain second b\($0)\n" }.joined()

  @Test func `a graph is divided and its division measured`() async throws {
    let scratch = try Scratch()
    let graph = try scratch.write(Self.graph, to: "graph.rsf")
    let stored = try scratch.write(Self.areas, to: "stored.rsf")
    let found = scratch.folder.appending(path: "found.rsf").path(percentEncoded: false)
    let cluster = try await Executable.strangler.run([
      "analyze", "cluster", "--graph", graph, "--anchor", stored, "--truth", stored, "--output",
      found,
    ])
    #expect(cluster.exitCode == 0)
    #expect(try String(contentsOfFile: found, encoding: .utf8) == Self.areas)
    for algorithm in ["consensus", "leiden", "label-propagation", "infomap"] {
      #expect(cluster.errors.contains("\(algorithm): mojofm "))
    }
    let metrics = try await Executable.strangler.run([
      "analyze", "metrics", "--graph", graph, "--clustering", found, "--truth", stored,
      "--variant", "cargo",
    ])
    #expect(metrics.exitCode == 0)
    #expect(metrics.output.contains("2 clusters of 12 items"))
    #expect(metrics.output.contains("mojofm                          100.0000"))
    #expect(metrics.output.contains("icp (cargo)                     0.0400"))
    #expect(!metrics.output.contains("(fse)"))
  }

  @Test func `two divisions are compared without a graph`() async throws {
    let scratch = try Scratch()
    let known = try scratch.write(Self.areas, to: "known.rsf")
    let found = try scratch.write(
      "contain one a0\ncontain one a1\ncontain two b0\n", to: "found.rsf")
    let arguments = ["analyze", "metrics", "--clustering", found]
    let compared = try await Executable.strangler.run(arguments + ["--truth", known])
    #expect(compared.exitCode == 0, "\(compared.errors)")
    #expect(compared.output.contains("2 clusters of 3 items; items without a cluster: 9"))
    #expect(compared.output.contains("ari                             1.0000"))
    #expect(!compared.output.contains("modularity"))

    let alone = try await Executable.strangler.run(arguments)
    #expect(alone.exitCode != 0 && alone.errors.contains("--graph or --truth is needed"))
    let entry = try await Executable.strangler.run(
      arguments + ["--truth", known, "--entry", "a0"])
    #expect(entry.exitCode != 0 && entry.errors.contains("--entry is about a graph"))
    let folder = try await Executable.strangler.run(
      arguments + ["--truth", known, "--output", scratch.path])
    #expect(folder.exitCode == 2 && folder.errors.contains("it is a folder"))
  }

  @Test func `json tells the confidence of each item`() async throws {
    struct Report: Decodable {
      struct Cluster: Decodable {
        struct Item: Decodable { let confidence: Double }
        let name: String
        let items: [Item]
      }
      let runs: Int
      let clusters: [Cluster]
    }
    let scratch = try Scratch()
    let graph = try scratch.write(Self.graph, to: "graph.rsf")
    let arguments = ["analyze", "cluster", "--graph", graph, "--services", "3", "--format", "json"]
    let outcome = try await Executable.strangler.run(arguments)
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.clusters.count == 3)
    #expect(report.clusters.flatMap(\.items).count == 12)
    #expect(report.clusters.flatMap(\.items).allSatisfy { (0...1).contains($0.confidence) })
    #expect(try await Executable.strangler.run(arguments).output == outcome.output)
    #expect(outcome.errors == "")
    let more = try await Executable.strangler.run([
      "analyze", "cluster", "--graph", graph, "--services", "500",
    ])
    #expect(more.exitCode == 0)
    #expect(more.errors == "--services 500: the graph gives 12 clusters of 12 items\n")
  }

  @Test func `constraints that contradict each other end with 1 and name their lines`() async throws
  {
    let scratch = try Scratch()
    let graph = try scratch.write(Self.graph, to: "graph.rsf")
    let constraints = try scratch.write(
      "together a4 a5\ntogether a0 a1\ntogether a1 a2\napart a0 a2\n", to: "rules.txt")
    let outcome = try await Executable.strangler.run([
      "analyze", "cluster", "--graph", graph, "--constraints", constraints,
    ])
    #expect(outcome.exitCode == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("these lines cannot all hold: 2, 3, 4"))
  }

  @Test func `constraints hold`() async throws {
    let scratch = try Scratch()
    let graph = try scratch.write(Self.graph, to: "graph.rsf")
    let constraints = try scratch.write("pin a0 billing\npin a1 orders\n", to: "rules.txt")
    let outcome = try await Executable.strangler.run([
      "analyze", "cluster", "--graph", graph, "--constraints", constraints,
    ])
    #expect(outcome.output.contains("contain billing a0\n"))
    #expect(outcome.output.contains("contain orders a1\n"))
  }

  @Test func `a line that cannot be read ends with 2 and is named`() async throws {
    let scratch = try Scratch()
    let graph = try scratch.write("depends a b\ndepends c\n", to: "graph.rsf")
    let outcome = try await Executable.strangler.run(["analyze", "cluster", "--graph", graph])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("\(graph), line 2: expected `depends FROM TO [weight]`"))
    let missing = try await Executable.strangler.run([
      "analyze", "metrics", "--graph", graph, "--clustering", "/nowhere.rsf",
    ])
    #expect(missing.exitCode == 2)
    #expect(missing.errors.contains("/nowhere.rsf"))
  }

  @Test func `options that a textbook method does not heed are refused`() async throws {
    let outcome = try await Executable.strangler.run([
      "analyze", "cluster", "--graph", "g.rsf", "--algorithm", "leiden", "--services", "3",
    ])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("only --algorithm consensus"))
  }
}
