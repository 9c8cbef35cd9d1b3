// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Suggest service boundaries for a Swift code base, with evidence, price and doubts.",
    discussion: """
      Reads the sources as they are: no build, no network, no resolved dependencies. Test and
      generated files are left out unless asked for. A file that does not parse is reported as a
      finding; the rest is read. The same sources give the same bytes, for any number of threads.

      EXAMPLES
        strangler analyze ~/code/monolith
        strangler analyze ~/code/monolith --format html --output report.html
        strangler analyze explain ~/code/monolith OrderService
        strangler analyze what-if ~/code/monolith --move OrderService:shipping --merge carts,orders
        strangler analyze check ~/code/monolith --write-baseline boundaries.json
        strangler analyze check ~/code/monolith --baseline boundaries.json
        strangler analyze graph ~/code/monolith --level file --format dot
      """,
    subcommands: [
      AnalyzeSuggestCommand.self, AnalyzeExplainCommand.self, AnalyzeWhatIfCommand.self,
      AnalyzeCheckCommand.self, AnalyzeGraphCommand.self,
    ],
    defaultSubcommand: AnalyzeSuggestCommand.self)
}
