// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeSuggestCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, html, json, sarif, dot, mermaid, routes
  }

  static let configuration = CommandConfiguration(
    commandName: "suggest",
    abstract: "Suggest services, what has to be cut for them, and what to beware of (default).",
    discussion: """
      FORMATS
        text     for people at a terminal
        html     one page that needs nothing outside it, for people who decide
        json     everything, for programs:
                 fixtures/schemas/boundary-suggestion.schema.json
        sarif    findings and cuts beside the lines, on code hosts
        dot      Graphviz; types up to 60 of them, else services
        mermaid  the same for Markdown
        routes   the routes of a first strangler.yaml (see also: strangler init)

      EXAMPLES
        strangler analyze suggest ~/code/monolith --services 6 --all-cuts
        strangler analyze ~/code/monolith --format html --output report.html
        strangler analyze ~/code/monolith --format json | jq .verdict

      EXIT CODES
        0  done, whether splitting is advised or not; files that do not parse are
           findings
        2  the folder or an option cannot be used
      """)

  @OptionGroup var sources: ScanArguments
  @OptionGroup var services: ServiceCountOption
  @OptionGroup var output: OutputOption

  @Option(help: "text, html, json, sarif, dot, mermaid or routes.")
  var format = Format.text

  @Flag(help: "List every reference to cut, not only the first of each border.")
  var allCuts = false

  func run() throws {
    let study = try sources.study(services: services.count)
    try output.deliver(try sources.working("writing the report") { try render(study) })
  }

  private func render(_ study: BoundaryStudy) throws -> String {
    let suggestion = study.suggestion
    return switch format {
    case .html: PageReport(title: sources.folderName).render(study)
    case .json: JSONReport().render(suggestion)
    case .sarif: SARIFReport(version: Strangler.configuration.version).render(suggestion)
    case .dot: DiagramReport().dot(study)
    case .mermaid: DiagramReport().mermaid(study)
    case .routes:
      try StartingConfiguration(
        RouteConfiguration().render(suggestion), file: output.file ?? "the answer"
      ).text
    case .text:
      TextReport(width: output.width, style: output.style, cutsPerBorder: allCuts ? nil : 5)
        .render(suggestion)
    }
  }
}
