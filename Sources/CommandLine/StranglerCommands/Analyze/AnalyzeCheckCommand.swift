// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeCheckCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, sarif
  }

  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Hold a code base to agreed borders: nothing new may cross them.",
    discussion: """
      --write-baseline divides the code once and writes the borders with what crosses
      them today. --baseline divides nothing: it looks for what crosses those borders
      now. What crosses is known by its symbols and not by its lines, so moving code
      about changes nothing. A type that is new counts to the service of its file, or
      else to the one it shares most references with.

      New crossings and stale entries fail. More places of a known crossing are shown
      and pass.

      EXAMPLES
        strangler analyze check ~/code/monolith --write-baseline boundaries.json
        strangler analyze check ~/code/monolith --baseline boundaries.json
        strangler analyze check . --baseline boundaries.json --format sarif \\
          --output check.sarif

      FORMATS
        text   for people at a terminal
        json   for programs: fixtures/schemas/check.schema.json
        sarif  beside the lines, on code hosts

      EXIT CODES
        0  the borders hold, or the baseline is written
        1  something new crosses a border, or an entry of the baseline is stale
        2  the folder, the baseline or an option cannot be used
      """)

  @OptionGroup var sources: ScanArguments
  @OptionGroup var services: ServiceCountOption
  @OptionGroup var output: OutputOption

  @Option(help: ArgumentHelp("File with agreed borders.", valueName: "file"))
  var baseline: String?

  @Option(help: ArgumentHelp("Write the borders as they are suggested now.", valueName: "file"))
  var writeBaseline: String?

  @Option(help: "text, json or sarif; of a check, not of a baseline that is written.")
  var format = Format.text

  func validate() throws {
    guard (baseline == nil) != (writeBaseline == nil) else {
      throw ValidationError("give either --baseline FILE or --write-baseline FILE")
    }
    if writeBaseline != nil, format != .text {
      throw ValidationError("--format: --write-baseline writes a file of its own format")
    }
    if baseline != nil, services.count != nil {
      throw ValidationError("--services: a baseline holds the services already")
    }
    if writeBaseline == OutputOption.standardOutput, output.file != nil {
      throw ValidationError("--output: the baseline goes to standard output; there is no report")
    }
    if let file = output.file, let borders = baseline ?? writeBaseline,
      OutputOption.isSame(file, borders)
    {
      throw ValidationError("--output: \(file) is the baseline; the report would replace it")
    }
  }

  func run() throws {
    let report = CheckReport(width: output.width, style: output.style)
    if let writeBaseline {
      let study = try sources.study(services: services.count)
      let written = BoundaryBaseline(study)
      try OutputOption.write(report.file(written), to: writeBaseline)
      let places = written.crossings.reduce(0) { $0 + $1.count }
      // The baseline is all that standard output may hold.
      guard writeBaseline != OutputOption.standardOutput else { return }
      return try output.deliver(
        "wrote \(writeBaseline): \(counted(study.suggestion.services.count, "service"))"
          + "\(study.suggestion.remainder == nil ? "" : " and what remains of the monolith"), "
          + "\(counted(written.crossings.count, "crossing")) at \(counted(places, "place"))\n")
    }
    guard let baseline else { return }
    let agreed = try BaselineFile.read(baseline)
    let found = try sources.scan()
    let told = agreed.typesToTell(found)
    let model = told.isEmpty ? found : try sources.scan(telling: told)
    let check = sources.working("looking for crossings") { agreed.check(model) }
    guard check.knownTypes > 0 || agreed.types == 0 else {
      throw BaselineFile.ofOtherCode(baseline)
    }
    let text =
      switch format {
      case .text: report.text(check)
      case .json: report.json(check)
      case .sarif:
        SARIFReport(version: Strangler.configuration.version)
          .render(check, baseline: OutputOption.path(of: baseline, from: sources.path))
      }
    try output.deliver(text)
    if !check.passes { throw CommandFailure.negative(report.sentence(check)) }
  }
}
