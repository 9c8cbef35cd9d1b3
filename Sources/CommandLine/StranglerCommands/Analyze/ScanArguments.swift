// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import ConfigurationFiles
internal import DependencyGraph
internal import Foundation
internal import RoutingDecisions
internal import SourceScanning

/// The folder that a command analyses, and how it is read.
struct ScanArguments: ParsableArguments {
  @Argument(help: "Folder with Swift sources: a package, an app, any checkout.")
  var path: String

  @Option(help: "Threads; one per processor when not given.")
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "File whose `analysis` says what to ignore and who is in which team.", valueName: "file"))
  var config: String?

  @Flag(help: "Also read test files.")
  var includeTests = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @OptionGroup var evidence: EvidenceOptions

  func validate() throws {
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads: expected 1 to 256, found \(threads)")
    }
  }

  /// What the folder holds.
  func scan(telling types: Set<String> = []) throws -> CodeModel {
    var options = ScanOptions()
    options.toldTypes = types
    options.ignoredPaths = try settings().ignore
    options.includeTests = includeTests
    if let threads { options.threads = threads }
    evidence.apply(to: &options)
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

  private func settings() throws -> AnalysisSettings {
    guard let config else { return AnalysisSettings() }
    let (settings, diagnostics) = ConfigurationFile.analysis(config)
    guard !diagnostics.contains(where: { $0.severity == .error }) else {
      throw CommandFailure.unusable(
        "the configuration cannot be used", details: diagnostics.map(\.description))
    }
    return settings
  }

  /// Shows what is being done where it takes long.
  func working<Result>(_ text: String, _ body: () throws -> Result) rethrows -> Result {
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    return try line.working(text, body)
  }

  /// The folder's own name, for titles.
  var folderName: String {
    URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().lastPathComponent
  }

  /// What the folder holds, divided into services.
  func study(services: Int?) throws -> BoundaryStudy {
    let teams = try settings().teams
    let model = try scan()
    var study = working("finding borders") {
      BoundaryAnalysis(options: AnalysisOptions(services: services), workers: .threads(threads))
        .study(model)
    }
    study.suggestion = study.suggestion.telling(
      teams: Dictionary(
        teams.flatMap { team in team.members.map { ($0, team.name) } },
        uniquingKeysWith: { first, _ in first }))
    return study
  }
}

/// How many services to divide into.
struct ServiceCountOption: ParsableArguments {
  @Option(
    name: .customLong("services"),
    help: "Number of services to suggest; found from the code when not given.")
  var count: Int?

  func validate() throws {
    if let count, !(1...1_000).contains(count) {
      throw ValidationError("--services: expected 1 to 1000, found \(count)")
    }
  }
}

extension OutputOption {
  /// Columns to fill where the answer goes.
  var width: Int { Terminal.standardOutput.width }

  /// Colour only where a person sees it directly.
  var style: TextStyle {
    file == nil && Terminal.standardOutput.allowsColour ? .coloured : .plain
  }
}
