// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeGraphCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case rsf, json, dot
  }

  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Write every dependency of the code, for other tools.",
    discussion: """
      FORMATS
        rsf   depends FROM TO WEIGHT, one line for each pair
        json  every single reference with kind, weight, tier, symbol, file, line and
              column, and one link for each pair:
              fixtures/schemas/graph.schema.json
        dot   Graphviz, one edge for each pair

      EXAMPLES
        strangler analyze graph ~/code/monolith
        strangler analyze graph ~/code/monolith --level file --format dot \\
          --output files.dot
        strangler analyze graph ~/code/monolith | strangler analyze cluster --graph -

      EXIT CODES
        0  done
        2  the folder or an option cannot be used
      """)

  @OptionGroup var sources: ScanArguments
  @OptionGroup var output: OutputOption

  @Option(help: "type or file.")
  var level = DependencyEdges.Level.type

  @Option(help: "rsf, json or dot.")
  var format = Format.rsf

  func run() throws {
    let model = try sources.scan()
    let text = sources.working("writing edges") {
      let graph = DependencyEdges(model, level: level)
      let report = EdgeListReport()
      return switch format {
      case .rsf: report.rsf(graph)
      case .json: report.json(graph)
      case .dot: report.dot(graph)
      }
    }
    try output.deliver(text)
  }
}

extension DependencyEdges.Level: ExpressibleByArgument {}
