// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ControlPlane

struct CutoverApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Approve the stage that waits for it.",
    discussion: """
      A stage with approval: true waits once all its conditions hold. Its gates stay awake
      meanwhile, and may take the routes back.

      What is approved is one stage of one run of a plan. Without --stage and --run it is what waits
      now. With them the order is refused when the cutover has moved on since you looked, was taken
      back and started anew, or has another service behind its routes; status names both while a
      stage waits.

      EXAMPLES
        strangler cutover approve orders --reason 'dashboards look fine'
        strangler cutover approve orders --stage 2 --reason 'dashboards look fine'
        strangler cutover approve orders --stage 2 --run 5f0c7d6ab3e1942f-17 --reason 'ticket 12'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  @Option(help: "The stage that may begin, from 1.")
  var stage: Int?

  @Option(help: "The run it belongs to, as status names it.")
  var run: String?

  func validate() throws {
    if let stage, stage < 1 { throw ValidationError("--stage: expected a number from 1") }
  }

  func run() async throws {
    let admin = try options.admin.connect()
    let status: CutoverStatus = try await admin.get("/cutovers/\(cutover.inPath)").decoded()
    guard let plan = status.plan else {
      throw CommandFailure.unusable(
        "the proxy is of an older version and takes no approval of one stage: upgrade it first")
    }
    let answer = try await admin.post(
      "/cutovers/\(cutover.inPath)/approve",
      options.body([
        "stage": .number(Double(stage ?? status.stage + 1)), "plan": .text(run ?? plan),
      ]))
    try CutoverCommand.write(answer, options.format) { CutoverText.status(try $0.decoded()) }
  }
}
