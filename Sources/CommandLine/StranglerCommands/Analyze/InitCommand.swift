// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph
internal import Foundation

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first strangler.yaml and a playbook from the analysis of a code base.",
    discussion: """
      The file runs as it is: `strangler proxy --config strangler.yaml` sends
      everything to the monolith, because every route of a suggested service stands
      at 0 %. Comments name each service's sources and tables. The playbook stands
      beside it and says what to do, service by service. Existing files are kept
      unless --force is given. A route that the proxy cannot tell apart from others
      becomes a comment that says why.

      EXAMPLES
        strangler init ~/code/monolith
        strangler init ~/code/monolith --output deploy/strangler.yaml \\
          --legacy 10.0.0.4:8000

      EXIT CODES
        0  both files are written, and `strangler routes validate` accepts the first
        2  the folder, a file or an option cannot be used
      """)

  @OptionGroup var sources: ScanArguments
  @OptionGroup var services: ServiceCountOption

  @Option(help: "Configuration to write; the playbook gets its name, ending in .playbook.md.")
  var output = "strangler.yaml"

  @Option(help: "Address of the monolith.")
  var legacy = "127.0.0.1:9001"

  @Option(help: "Address that clients will use.")
  var listen = "127.0.0.1:8080"

  @Option(help: "Address of the admin API and the console.")
  var admin = "127.0.0.1:9901"

  @Flag(help: "Replace files that are there.")
  var force = false

  func validate() throws {
    if output == OutputOption.standardOutput {
      throw ValidationError("--output: two files are written; give the name of the first")
    }
    for (option, address) in [("--legacy", legacy), ("--listen", listen), ("--admin", admin)] {
      guard let port = Self.parts(address)?.port, port > 0 || option != "--legacy" else {
        throw ValidationError("\(option): expected HOST:PORT, found \(address)")
      }
    }
  }

  func run() throws {
    let playbook = Self.playbook(for: output)
    for file in [output, playbook] where !force && FileManager.default.fileExists(atPath: file) {
      throw CommandFailure.unusable("\(file) exists; give --force to replace it")
    }
    guard let (host, port) = Self.parts(legacy) else { return }
    let routes = RouteConfiguration(
      legacyPort: port, legacyHost: host, listen: listen, admin: admin)
    let suggestion = try sources.study(services: services.count).suggestion
    let configuration = try StartingConfiguration(routes.render(suggestion), file: output)
    let guide = MovePlaybook(sources: sources.path, configuration: output, routes: routes)
      .render(suggestion, leavingOut: Set(configuration.leftOut))
    try OutputOption.write(configuration.text, to: output)
    try OutputOption.write(guide, to: playbook)
    guard !suggestion.isWhole else {
      return Terminal.standardOutput.write(
        """
        wrote \(output): nothing is to be moved, so everything goes to the monolith
        wrote \(playbook), which says why

        """)
    }
    let count = configuration.leftOut.count
    let leftOut =
      count == 0
      ? "" : "; \(counted(count, "route")) left out as \(count == 1 ? "a comment" : "comments")"
    Terminal.standardOutput.write(
      """
      wrote \(output): \(counted(configuration.services, "service")) with routes, all at 0 %\(leftOut)
      wrote \(playbook)
      next: strangler proxy --config \(MovePlaybook.shellArgument(output))

      """)
  }

  /// `HOST:PORT`; the host of an IPv6 address stands in brackets.
  private static func parts(_ address: String) -> (host: String, port: Int)? {
    guard let colon = address.lastIndex(of: ":"), colon != address.startIndex,
      let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    let host = String(address[..<colon])
    return host.contains(":") && !host.hasPrefix("[") ? nil : (host, port)
  }

  private static func playbook(for configuration: String) -> String {
    let stem = ["yaml", "yml"].first { configuration.hasSuffix("." + $0) }
      .map { String(configuration.dropLast($0.count + 1)) }
    return (stem ?? configuration) + ".playbook.md"
  }
}
