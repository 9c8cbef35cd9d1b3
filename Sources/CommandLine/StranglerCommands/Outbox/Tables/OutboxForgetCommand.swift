// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct OutboxForgetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget",
    abstract: "Give up a relay that will not come back, so that old events can be pruned again.",
    discussion: """
      A relay's position and what it has parked keep events in the outbox for as long as it is
      known. Stop the relay first: one that holds its lease is left alone. What it has not sent, it
      never sends; see strangler outbox status. A relay that is started with its name later begins
      with the oldest event that the outbox still holds. Who did it and why is kept, for strangler
      outbox history.

      EXAMPLES
        strangler outbox forget old --database shop.sqlite --dry-run
        strangler outbox forget old --config strangler.yaml --reason 'replaced by JetStream'
      """)

  @Argument(help: "The relay's name.")
  var relay: String

  @OptionGroup var place: OutboxPlace
  @OptionGroup var order: LetterOrderOptions

  @Flag(help: "Also where it has not sent everything, which is given up then.")
  var unsent = false

  func run() async throws {
    let (name, order, givesUp) = (relay, order, unsent)
    let left = try await place.operating { outbox in
      let report = try await outbox.report(now: order.order.now)
      let relay = try Self.find(name, in: report)
      let left = Self.left(of: relay)
      if order.isDryRun { return left }
      guard left.isEmpty || givesUp else {
        throw CommandFailure.negative(
          "relay \(name) has \(left): start it until it has sent that, or give it up with --unsent")
      }
      guard try await outbox.forget(relay: name, order.order) else {
        throw CommandFailure.negative(
          "somebody runs relay \(name) since a moment ago: stop it first")
      }
      return left
    }
    let lost = left.isEmpty ? "it has sent everything" : "never sent: \(left)"
    Terminal.standardOutput.write(
      "\(order.isDryRun ? "Would forget" : "Forgot") relay \(name); \(lost).\n")
  }

  /// The relay, if nobody is at it.
  private static func find(
    _ name: String, in report: OutboxReport
  ) throws -> OutboxReport.Relay {
    guard let relay = report.relays.first(where: { $0.name == name }) else {
      let known = report.relays.map(\.name).joined(separator: ", ")
      throw CommandFailure.negative(
        "there is no relay \(name)" + (known.isEmpty ? "" : "; there is \(known)"))
    }
    if let owner = relay.owner {
      throw CommandFailure.negative("\(owner) runs relay \(name): stop it first")
    }
    return relay
  }

  private static func left(of relay: OutboxReport.Relay) -> String {
    let parked = relay.retrying + relay.dead
    return [
      relay.unsent > 0 ? "\(relay.unsent)\(relay.isMore ? " or more" : "") unsent events" : nil,
      parked > 0 ? "\(parked) parked aggregates" : nil,
    ].compactMap(\.self).joined(separator: " and ")
  }
}
