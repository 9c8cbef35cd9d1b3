// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeAblationCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json
  }

  static let configuration = CommandConfiguration(
    commandName: "ablation",
    abstract: "Show what each source of evidence does to the borders.",
    discussion: """
      Divides the code by all evidence, by structure alone, and without one source
      after the other. A known division (`contain AREA TYPE` lines) or the folders of
      the files tell how close each comes; folders are evidence themselves, so
      compare with `without folders` there. JSON follows
      fixtures/schemas/ablation.schema.json.

      EXAMPLES
        strangler analyze ablation ~/code/monolith
        strangler analyze ablation ~/code/monolith --truth areas.rsf
        strangler analyze ablation ~/code/library --truth-folders --format json

      EXIT CODES
        0  done
        2  the folder or an option cannot be used
      """)

  @OptionGroup var sources: ScanArguments
  @OptionGroup var services: ServiceCountOption
  @OptionGroup var output: OutputOption

  @Option(help: "A known division: file of `contain AREA TYPE` lines.")
  var truth: String?

  @Flag(help: "Take the folders of the files for the known division.")
  var truthFolders = false

  @Option(help: "text or json.")
  var format = Format.text

  func validate() throws {
    if truth != nil, truthFolders {
      throw ValidationError("--truth, --truth-folders: expected one of them, found both")
    }
  }

  func run() throws {
    let known = try truth.map(InputFile.clustering)
    let model = try sources.scan()
    let line = ProgressLine(quiet: sources.quiet)
    let ablation = line.working("finding borders") {
      SignalAblation(
        model, options: AnalysisOptions(services: services.count),
        truth: known ?? (truthFolders ? SignalAblation.folders(of: model) : [:]),
        workers: .threads(sources.threads))
    }
    line.clear()
    if let truth, ablation.compared == 0 {
      throw CommandFailure.unusable("\(truth) names no type of \(sources.path)")
    }
    let report = AblationReport(ablation)
    try output.deliver(
      format == .text ? report.text(width: output.width, style: output.style) : report.json)
  }
}
