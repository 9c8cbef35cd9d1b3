// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import CutoverControl
internal import CutoverJournalStore
internal import Foundation
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLeaseStore

struct RoutesValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a configuration; all errors come at once, each with its line.",
    discussion: """
      Ends with 0 when the file is valid, with 1 when it is not, with 2 when it cannot be read.
      Certificates and keys are read as a start would, from the folder it is called in. Modules and
      tokens belong to the program that runs the proxy, so they are not looked for.

      With --requests-per-second it says how long each stage of a plan lasts at that traffic, and a
      plan that cannot work at it is an error.

      EXAMPLES
        strangler routes validate --config strangler.yaml
        strangler routes validate --requests-per-second 40 --error-rate 0.002
        strangler routes validate --config strangler.yaml --format json
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @Option(
    help: ArgumentHelp(
      "Requests a second of each plan's quietest route, to forecast its stages by.",
      discussion: "A user's requests within one second count once."))
  var requestsPerSecond: Double?

  @Option(help: "Legacy's share of failed requests, 0 to 1, for the forecast.")
  var errorRate = 0.001

  @Option(help: "Shadow comparisons a second of that route, for stages at 0 %.")
  var comparisonsPerSecond = 0.0

  func validate() throws {
    if let requestsPerSecond, !(0...1e9).contains(requestsPerSecond) {
      throw ValidationError("--requests-per-second: expected a number from 0 on")
    }
    guard (0...1).contains(errorRate) else {
      throw ValidationError("--error-rate: expected a share from 0 to 1")
    }
    guard (0...1e9).contains(comparisonsPerSecond) else {
      throw ValidationError("--comparisons-per-second: expected a number from 0 on")
    }
  }

  func run() throws {
    guard FileManager.default.isReadableFile(atPath: configuration.file) else {
      throw CommandFailure.unusable("cannot read \(configuration.file); name a file with --config")
    }
    var decoded = ConfigurationFile.load(configuration.file)
    if let usable = decoded.configuration {
      decoded = decoded.adding(CertificateFiles.diagnostics(of: usable))
        .adding(JournalPlace.diagnostics(of: usable))
        .adding(LeaseStorePlace.diagnostics(of: usable))
    }
    let forecasts = forecasts(decoded.configuration?.cutovers ?? [])
    decoded = decoded.adding(forecasts.flatMap(\.forecast.diagnostics))
    let report = ValidationReport(
      decoded, file: configuration.file,
      forecasts: forecasts.map { plan, forecast in
        ValidationReport.Forecast(cutover: plan.name, stages: forecast.stages.map(\.description))
      })
    switch format {
    case .json: Terminal.standardOutput.write(report.json)
    case .text: (report.isUsable ? Terminal.standardOutput : .standardError).write(report.text)
    }
    guard report.isUsable else { throw CommandFailure.negativeAnswer }
  }

  private func forecasts(
    _ plans: [CutoverPlan]
  ) -> [(plan: CutoverPlan, forecast: PlanForecast)] {
    guard let requestsPerSecond else { return [] }
    let traffic = MeasuredTraffic(
      requestsPerSecond: requestsPerSecond, errorRate: errorRate,
      comparisonsPerSecond: comparisonsPerSecond)
    return plans.map { ($0, PlanForecast($0, at: traffic)) }
  }
}
