// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Suggest service boundaries for a Swift code base, with evidence, price and doubts.",
    usage: "strangler analyze <path> [<options>]",
    discussion: """
      `strangler analyze PATH` reads the sources as they are: no build, no network,
      no resolved dependencies. `strangler analyze suggest --help` lists its options.
      The other commands divide and measure graphs of any language.

      EXAMPLES
        strangler analyze ~/code/monolith
        strangler analyze ~/code/monolith --format html --output report.html
        strangler analyze explain ~/code/monolith OrderService
        strangler analyze what-if ~/code/monolith --move OrderService:shipping \\
          --merge carts,orders
        strangler analyze check ~/code/monolith --write-baseline boundaries.json
        strangler analyze check ~/code/monolith --baseline boundaries.json
        strangler analyze graph ~/code/monolith --level file --format dot
        strangler analyze ablation ~/code/monolith
        strangler analyze cluster --graph graph.rsf --output services.rsf
        strangler analyze metrics --graph graph.rsf --clustering services.rsf

      EXIT CODES
        0  done
        1  `check` found something new, or `cluster` was given rules that contradict
           each other
        2  a folder, a file or an option cannot be used
      """,
    subcommands: [
      AnalyzeSuggestCommand.self, AnalyzeExplainCommand.self, AnalyzeWhatIfCommand.self,
      AnalyzeCheckCommand.self, AnalyzeGraphCommand.self, AnalyzeAblationCommand.self,
      ClusterCommand.self, MetricsCommand.self,
    ],
    defaultSubcommand: AnalyzeSuggestCommand.self)
}
