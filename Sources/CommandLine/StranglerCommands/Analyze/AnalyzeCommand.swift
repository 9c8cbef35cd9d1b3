// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph
internal import SourceScanning

struct AnalyzeCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, routes
  }

  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Suggest service boundaries for a Swift code base, with evidence, price and doubts.",
    discussion: """
      Reads the sources as they are: no build, no network, no resolved dependencies. Test and
      generated files are left out unless asked for. A file that does not parse is reported as a
      finding; the rest is read. The same sources give the same bytes, for any number of threads.

      EXAMPLES
        strangler analyze ~/code/monolith
        strangler analyze ~/code/monolith --services 6
        strangler analyze ~/code/monolith --format json --output boundaries.json
        strangler analyze ~/code/monolith --format routes > strangler.yaml
      """)

  @Argument(help: "Folder with Swift sources: a package, an app, any checkout.")
  var path: String

  @Option(help: "text (for people), json (for programs), routes (a first strangler.yaml).")
  var format = Format.text

  @OptionGroup var output: OutputOption

  @Option(help: "Number of services to suggest; found from the code when not given.")
  var services: Int?

  @Option(help: "Threads; one per processor when not given.")
  var threads: Int?

  @Flag(help: "Also read test files.")
  var includeTests = false

  @Flag(help: "List every reference to cut, not only the first of each border.")
  var allCuts = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if let services, !(1...1_000).contains(services) {
      throw ValidationError("--services: expected 1 to 1000, found \(services)")
    }
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads: expected 1 to 256, found \(threads)")
    }
  }

  func run() throws {
    let model = try scan()
    let suggestion = BoundaryAnalysis(options: AnalysisOptions(services: services)).suggest(model)
    try output.deliver(render(suggestion))
  }

  private func scan() throws -> CodeModel {
    var options = ScanOptions()
    options.includeTests = includeTests
    if let threads { options.threads = threads }
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    do throws(ScanError) {
      return try SourceScanner(options: options).scan(folder: path) { progress in
        line.update(progress.phase.rawValue, done: progress.completed, of: progress.total)
      }
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }

  private func render(_ suggestion: BoundarySuggestion) -> String {
    switch format {
    case .json: return JSONReport().render(suggestion)
    case .routes: return RouteConfiguration().render(suggestion)
    case .text:
      let terminal = Terminal.standardOutput
      let isForTerminal = output.file == nil && terminal.allowsColour
      return TextReport(
        width: terminal.width, style: isForTerminal ? .coloured : .plain,
        cutsPerBorder: allCuts ? nil : 5
      ).render(suggestion)
    }
  }
}
