// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import RoutingDecisions

/// The `--config` option and what every command does with it: read, say what is wrong, all at once.
struct ConfigurationOption: ParsableArguments {
  @Option(name: .customLong("config"), help: "Configuration file.")
  var file = "strangler.yaml"

  /// The configuration; warnings go to standard error.
  /// - Throws: A failure that lists every error with its place.
  func load() throws -> ProxyConfiguration { try Self.load(file) }

  /// The configuration that a file holds.
  static func load(_ file: String) throws -> ProxyConfiguration {
    let decoded = ConfigurationFile.load(file)
    let report = ValidationReport(decoded, file: file)
    guard let configuration = decoded.configuration else {
      throw CommandFailure.unusable(
        "the configuration cannot be used",
        details: report.text.split(separator: "\n").map(String.init))
    }
    for warning in report.diagnostics { Terminal.standardError.write("\(warning)\n") }
    return configuration
  }
}
