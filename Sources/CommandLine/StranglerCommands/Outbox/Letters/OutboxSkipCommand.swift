// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct OutboxSkipCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip",
    abstract: "Give up the event at which an aggregate waits; what waits behind it goes on.",
    discussion: """
      Its effects never happen: repair by hand what they would have done. Where a relay skips, all
      consumers see a gap and wait until they skip it too. Where a consumer skips a version that is
      missing, an event with that version counts as a duplicate from then on. One event at a time;
      who did it and why is kept.

      EXAMPLES
        strangler outbox skip --database shop.sqlite --aggregate order/42 --relay default --dry-run
        strangler outbox skip --config strangler.yaml --aggregate order/42 --consumer shipping \\
          --reason 'order was paid by hand'
      """)

  @OptionGroup var place: OutboxPlace
  @OptionGroup var order: LetterOrderOptions

  @Option(help: "The aggregate, such as order/42.")
  var aggregate: String

  @Option(help: "The relay that gives up.")
  var relay: String?

  @Option(help: "The consumer that gives up.")
  var consumer: String?

  func validate() throws {
    guard (relay == nil) != (consumer == nil) else {
      throw ValidationError("say who gives up, with either --relay or --consumer")
    }
  }

  func run() async throws {
    var selection = DeadLetterSelection(states: [.dead, .gap])
    selection.aggregate = aggregate
    selection.relay = relay
    selection.consumer = consumer
    try await LetterAction.run(place, selection, order) { try await $0.skip($1, order.order) }
  }
}
