// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct OutboxReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Try dead letters again, in order with what waits behind them.",
    discussion: """
      The events keep their ids, so nobody applies one twice. Relays and consumers that run notice
      by themselves. Who did it and why is kept, for strangler outbox history.

      EXAMPLES
        strangler outbox replay --database shop.sqlite --aggregate order/42 --reason 'fixed in 1.4'
        strangler outbox replay --config strangler.yaml --fingerprint 9c2f01d2a8c3b7e1 --dry-run
        strangler outbox replay --config strangler.yaml --consumer shipping --everything \\
          --reason 'the depot is back'
      """)

  @OptionGroup var place: OutboxPlace
  @OptionGroup var letters: LetterOptions
  @OptionGroup var order: LetterOrderOptions

  @Flag(help: "Every dead letter that the other options leave, even all of them.")
  var everything = false

  func run() async throws {
    let selection = try letters.selection([.dead])
    guard selection.isNarrow || everything else {
      throw CommandFailure.unusable(
        "say which: --aggregate, --id, --fingerprint, --type, a time, or --everything")
    }
    try await LetterAction.run(place, selection, order) { try await $0.replay($1, order.order) }
  }
}

/// Finds letters, and acts on them unless it is a dry run.
enum LetterAction {
  static func run(
    _ place: OutboxPlace, _ selection: DeadLetterSelection, _ order: LetterOrderOptions,
    act: (OutboxOperator, [DeadLetter]) async throws -> Int
  ) async throws {
    let (found, done) = try await place.operating { outbox in
      let found = try await outbox.deadLetters(selection)
      if found.isEmpty || order.isDryRun { return (found, 0) }
      return (found, try await act(outbox, found))
    }
    if found.isEmpty { throw CommandFailure.negative("no dead letter is meant by that") }
    if order.isDryRun { return Terminal.standardOutput.write(OutboxText.letters(found)) }
    Terminal.standardOutput.write("Done: \(done) of \(found.count).\n")
    if done < found.count {
      throw CommandFailure.negative("\(found.count - done) went on meanwhile and were left alone")
    }
  }
}
