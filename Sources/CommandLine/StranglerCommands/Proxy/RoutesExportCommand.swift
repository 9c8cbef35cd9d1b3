// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RouteExports
internal import RoutingDecisions

struct RoutesExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the routes of a configuration as that of another proxy.",
    discussion: """
      The text routes each request as strangler does, with the shares of the file. What the other
      proxy cannot be told stands at its head, each with what happens instead; --notes writes the
      same as JSON.

      Ends with 0; with --strict with 1 when a request may go elsewhere than strangler sends it.
      What only changes how requests are treated on the way, such as retries, is no reason.

      EXAMPLES
        strangler routes export --format nginx --output /etc/nginx/conf.d/strangler.conf
        strangler routes export --format envoy --config strangler.yaml --notes notes.json
        strangler routes export --format haproxy --strict
      """)

  @Option(help: "The proxy to write for.")
  var format: ExportFormat

  @OptionGroup var configuration: ConfigurationOption

  @OptionGroup var output: OutputOption

  @Option(help: "File to write what cannot be expressed to, as JSON.")
  var notes: String?

  @Flag(help: "Ends with 1 when a request may go elsewhere than strangler sends it.")
  var strict = false

  func run() throws {
    let export = RouteExport(try table(), as: format)
    try output.deliver(export.text)
    if let notes { try OutputOption.write(export.notesJSON, to: notes) }
    if !export.notes.isEmpty {
      let count = export.notes.count
      Terminal.standardError.write(
        "\(count == 1 ? "1 note" : "\(count) notes") at the head of the file: what \(format.product)"
          + " cannot be told\n")
    }
    if strict, !export.routesAlike {
      throw CommandFailure.negative(
        "some requests may go elsewhere than strangler sends them: see the notes")
    }
  }

  private func table() throws -> RoutingTable {
    do {
      return try RoutingTable(configuration.load())
    } catch let error as InvalidConfiguration {
      throw CommandFailure.unusable(
        "the configuration cannot be used", details: error.diagnostics.map(\.description))
    }
  }
}

extension ExportFormat: ExpressibleByArgument {}
