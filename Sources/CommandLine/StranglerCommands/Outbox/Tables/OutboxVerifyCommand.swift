// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import TransactionalMessaging

struct OutboxVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that no event is missing, doubled or out of order, and no relay is ahead.",
    discussion: """
      Looks at one moment of the database: versions within each aggregate, their counters, parked
      aggregates, relays' positions, and in PostgreSQL partitions and the database's identity. It
      changes nothing and reads the whole outbox, so run it where that is no burden.

      EXAMPLES
        strangler outbox verify --database postgresql://shop@db.internal/shop
        strangler outbox verify --config strangler.yaml --format json
      """)

  @OptionGroup var place: OutboxPlace

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let findings = try await place.operating { try await $0.verify() }
    if format == .json {
      Terminal.standardOutput.write(JSONText.encode(findings))
    } else if findings.isEmpty {
      Terminal.standardOutput.write("every event is there once and in order\n")
    } else {
      Terminal.standardOutput.write(
        findings.map { "\($0.check): \($0.message)\n" }.joined())
    }
    guard findings.isEmpty else {
      throw CommandFailure.negative("\(findings.count) findings")
    }
  }
}
