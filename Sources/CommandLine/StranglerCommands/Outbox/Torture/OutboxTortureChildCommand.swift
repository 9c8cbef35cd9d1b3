// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import MessagingTorture

/// A writer, relay or consumer that is killed; not a command for people, so it is hidden from the
/// help.
struct OutboxTortureChildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "torture-child",
    abstract: "Play the part that standard input names, until that closes.",
    shouldDisplay: false)

  func run() async throws { try await TortureChild.run() }
}
