// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say where every cutover stands, why it does not go on, and what its gates say.",
    discussion: """
      EXAMPLES
        strangler cutover status
        strangler cutover status orders --format json
      """)

  @OptionGroup var admin: AdminOption

  @Argument(help: "Name of one cutover; all when not given.")
  var cutover: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let connection = try admin.connect()
    guard let cutover else {
      let answer = try await connection.get("/cutovers")
      return try CutoverCommand.write(answer, format) { CutoverText.overview(try $0.decoded()) }
    }
    let answer = try await connection.get("/cutovers/\(cutover.inPath)")
    try CutoverCommand.write(answer, format) { CutoverText.status(try $0.decoded()) }
  }
}
