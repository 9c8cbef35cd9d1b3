// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import TransactionalMessaging

struct OutboxDeadLettersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters",
    abstract: "List what waits for an operator, failures of one kind together.",
    discussion: """
      An event that failed too often holds up its aggregate and nothing else: later events of the
      aggregate wait behind it, so that none overtakes. A consumer that misses a version waits for
      it too. Each is listed at its first event.

      EXAMPLES
        strangler outbox dead-letters --database shop.sqlite
        strangler outbox dead-letters --config strangler.yaml --consumer shipping --all
        strangler outbox dead-letters --database shop.sqlite --type order --format json
      """)

  @OptionGroup var place: OutboxPlace
  @OptionGroup var letters: LetterOptions

  @Flag(help: "Also what is tried again by itself.")
  var all = false

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let selection = try letters.selection(all ? [.dead, .gap, .retrying] : [.dead, .gap])
    let found = try await place.operating { try await $0.deadLetters(selection) }
    Terminal.standardOutput.write(
      format == .json ? JSONText.encode(found) : OutboxText.letters(found))
  }
}
