// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import Foundation
internal import ProxyDataPlane
internal import RoutingDecisions

struct RoutesValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a configuration; all errors come at once, each with its line.",
    discussion: """
      Ends with 0 when the file is valid, with 1 when it is not, with 2 when it cannot be read.
      Certificates and keys are read as a start would, from the folder it is called in. Modules and
      tokens belong to the program that runs the proxy, so they are not looked for.

      EXAMPLES
        strangler routes validate --config strangler.yaml
        strangler routes validate --config strangler.yaml --format json
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    guard FileManager.default.isReadableFile(atPath: configuration.file) else {
      throw CommandFailure.unusable("cannot read \(configuration.file); name a file with --config")
    }
    var decoded = ConfigurationFile.load(configuration.file)
    if let usable = decoded.configuration {
      decoded = decoded.adding(CertificateFiles.diagnostics(of: usable))
    }
    let report = ValidationReport(decoded, file: configuration.file)
    switch format {
    case .json: Terminal.standardOutput.write(report.json)
    case .text: (report.isUsable ? Terminal.standardOutput : .standardError).write(report.text)
    }
    guard report.isUsable else { throw CommandFailure.negativeAnswer }
  }
}
