// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import TransactionalMessaging

struct BypassPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Forget what was found: what is found from then on is new.",
    discussion: """
      In PostgreSQL, notes take 64 MiB at most; then no more are made, which a report says. Room is
      free again when autovacuum has been there.

      EXAMPLES
        strangler outbox bypass prune --config strangler.yaml --keep-days 0
      """)

  private static let millisecondsPerDay: Int64 = 86_400_000

  @OptionGroup var place: OutboxPlace

  @Option(name: .customLong("keep-days"), help: "Days whose findings stay, 0 to 3650.")
  var keepDays: Int

  func validate() throws {
    guard (0...3_650).contains(keepDays) else {
      throw ValidationError("--keep-days: expected 0 to 3650")
    }
  }

  func run() async throws {
    // What is noted at this moment goes too.
    let before = UnixTime.milliseconds() + 1 - Int64(keepDays) * Self.millisecondsPerDay
    let count = try await place.reading { try await BypassAudit($0).prune(before: before) }
    Terminal.standardOutput.write("Forgot \(count) notes.\n")
  }
}
