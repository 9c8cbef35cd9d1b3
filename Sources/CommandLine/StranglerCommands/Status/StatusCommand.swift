// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import StrangulationMeasures

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how much of the monolith is left: code, routes, traffic, tables, events.",
    discussion: """
      Five measures, each counted in its own unit, and no number for all of them together: a type, a
      route, a request, a table and an event cannot be added up. What is not known is said, with
      what would make it known, and each measure names the step that comes next.

        code     types and lines of services that are gone from the sources, or whose routes are all
                 answered by the extracted side; from --sources or --analysis
        routes   where the configuration's routes lead; with --admin or --live as in force
        traffic  requests that each side answered since the proxy started, from its metrics
        tables   which store takes the writes, from the section data and its stores
        events   what the outbox has sent, and tables that change without an event

      A proxy or a store that cannot be reached is something that is not known, and no failure.

      EXAMPLES
        strangler status --config strangler.yaml
        strangler status --sources ~/code/monolith --baseline boundaries.json --live
        strangler status --analysis analysis.json --admin 127.0.0.1:9901 --format json

      EXIT CODES
        0  done, however much is left
        2  a file, a folder or an option cannot be used

      The JSON's schema is fixtures/schemas/status.schema.json.
      """)

  @OptionGroup var admin: AdminOption

  @Flag(help: "Asks the proxy that proxy.admin of the configuration names.")
  var live = false

  @Option(
    help: ArgumentHelp("Folder of the monolith's sources, to analyse now.", valueName: "folder"))
  var sources: String?

  @Option(
    help: ArgumentHelp("What strangler analyze --format json has written.", valueName: "file"))
  var analysis: String?

  @Option(
    help: ArgumentHelp(
      "Borders that were written before the first extraction, by strangler analyze check.",
      valueName: "file"))
  var baseline: String?

  @OptionGroup var limit: StatementLimit
  @OptionGroup var output: OutputOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    if sources != nil, analysis != nil {
      throw ValidationError("--sources and --analysis exclude each other")
    }
    if baseline != nil, sources == nil, analysis == nil {
      throw ValidationError("--baseline: needs --sources or --analysis to hold it against")
    }
    for file in [analysis, baseline].compactMap(\.self) {
      if let answer = output.file, OutputOption.isSame(answer, file) {
        throw ValidationError("--output: \(file) is read; the report would replace it")
      }
    }
  }

  func run() async throws {
    let line = ProgressLine(quiet: limit.quiet)
    defer { line.clear() }
    let file = try StatusFile(admin.file)
    let code = try code(file, line)
    let asked = live || admin.address != nil
    let routes = await RoutesInSight.look(file, asked ? admin : nil)
    let tables = await TablesInSight.look(file, code?.tables, limit)
    let events = await EventsInSight.look(file, code?.tables)
    line.clear()
    let progress = StrangulationProgress(
      code: code.map { CodeEvidence($0, routes.table).measure } ?? CodeEvidence.unread,
      routes: routes.evidence?.measure ?? RouteEvidence.unread(routes.failure),
      traffic: (routes.evidence ?? RouteEvidence([])).trafficMeasure,
      tables: tables.measure, events: events)
    try output.deliver(
      format == .json
        ? JSONText.encode(progress)
        : StatusReport(width: output.width, style: output.style).text(progress))
  }

  private func code(_ file: StatusFile, _ line: ProgressLine) throws -> AnalysedCode? {
    if let analysis { return try AnalysedCode(saved: analysis, baseline: baseline) }
    guard let sources else { return nil }
    return try AnalysedCode(
      folder: sources, settings: file.analysis, baseline: baseline, line)
  }
}
