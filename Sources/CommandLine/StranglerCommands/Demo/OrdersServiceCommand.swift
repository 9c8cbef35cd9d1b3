// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import StranglerDemo

/// The demonstration's other process; not a command for people, so it is hidden from the help.
struct OrdersServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-orders-service",
    abstract: "Serve the extracted orders service until standard input closes.",
    shouldDisplay: false)

  @Option(help: "Database file.")
  var database: String

  @Option(help: "Port on 127.0.0.1; 0 takes a free one.")
  var port: Int

  func run() async throws {
    try await OrdersServiceHost(database: database, port: port).run { announcement in
      Terminal.standardOutput.write(announcement + "\n")
    }
  }
}
