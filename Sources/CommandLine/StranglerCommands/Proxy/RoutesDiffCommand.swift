// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say what a change of the configuration would do to whom, or what was set live.",
    discussion: """
      With two files: what changes from one to the other. Percentages that were set live, and would
      stay, are not known here. Lines begin with + (added), - (removed), ~ (changed) or ! (needs a
      new process).

      Without files: asks the running proxy which shares in force are not those of its file.

      EXAMPLES
        strangler routes diff strangler.yaml next.yaml
        strangler routes diff strangler.yaml next.yaml --format json
        strangler routes diff --config strangler.yaml
      """)

  @OptionGroup var admin: AdminOption

  @Argument(help: "Configuration file in force.")
  var old: String?

  @Argument(help: "Configuration file that would replace it.")
  var new: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    if old != nil, new == nil { throw ValidationError("expected two files, or none") }
  }

  func run() async throws {
    guard let old, let new else { return try await compareWithLive() }
    let change = ConfigurationChange(
      from: try ConfigurationOption.load(old), to: try ConfigurationOption.load(new))
    Terminal.standardOutput.write(format == .json ? change.json : change.text)
  }

  private struct Configuration: Decodable {
    struct Live: Codable {
      let route: String
      let percent: Double
      let file: Double
      let isHeld: Bool?
    }

    let live: [Live]
  }

  private func compareWithLive() async throws {
    let live: [Configuration.Live] = try await admin.connect().get("/config")
      .decoded(Configuration.self).live
    if format == .json { return Terminal.standardOutput.write(CutoverText.json(live)) }
    let lines = live.map { route in
      let (percent, file) = (CutoverText.number(route.percent), CutoverText.number(route.file))
      return route.isHeld == true
        ? "\(route.route): \(percent) % while everything is frozen; the file's \(file) % are taken up "
          + "when it no longer is\n"
        : "\(route.route): \(percent) %, set live; the file says \(file) %\n"
    }
    Terminal.standardOutput.write(
      lines.isEmpty ? "every route stands where its file says\n" : lines.joined())
  }
}
