// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Move a route of a running proxy by hand.",
    discussion: """
      0 is always taken, and takes back the cutover that moves the route. A share that a plan would
      reach by its gates only is refused, unless --skip-gates says that nobody wants to ask them.
      Without a journal in the configuration the share lives as long as the proxy.

      EXAMPLES
        strangler routes set search 25 --reason 'first users'
        strangler routes set orders 0 --reason 'customers call'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the route.")
  var route: String

  @Argument(help: "Share of users on the extracted side, 0 to 100 in steps of 0.01.")
  var percent: String

  @Flag(help: "Do not ask the gates of the route's plan; a cutover under way ends.")
  var skipGates = false

  func run() async throws {
    guard let share = Percentage(parsing: percent) else {
      throw CommandFailure.unusable(
        "\(percent) is no share of users: expected 0 to 100 in steps of 0.01")
    }
    var members: [String: OrderMember] = ["percent": .number(Double(share.hundredths) / 100)]
    if skipGates { members["skip-gates"] = .flag(true) }
    let answer = try await options.admin.connect()
      .put("/routes/\(route.inPath)", options.body(members))
    try CutoverCommand.write(answer, options.format) { _ in "\(route): \(share) %\n" }
  }
}
