// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SagaModel
internal import TransactionalMessaging

struct SagaPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Forget sagas that ended long ago.",
    discussion: """
      Deletes sagas that are completed or compensated, with their steps, few at a time, while others
      go on. What operators decided about them stays. One that is stuck stays, however old it is.
      The id of a saga that is forgotten could be begun once more: keep them for longer than whoever
      begins one may try.

      EXAMPLES
        strangler saga prune --database shop.sqlite --keep-days 90 --dry-run
        strangler saga prune --config strangler.yaml --keep-days 90
      """)

  /// Sagas of one transaction.
  private static let atOnce = 1_000
  private static let millisecondsPerDay: Int64 = 86_400_000

  @OptionGroup var place: OutboxPlace

  @Option(name: .customLong("keep-days"), help: "Days after their end that sagas stay, 0 to 3650.")
  var keepDays: Int

  @Flag(name: .customLong("dry-run"), help: "Say how many would go, and change nothing.")
  var isDryRun = false

  func validate() throws {
    guard (0...3_650).contains(keepDays) else {
      throw ValidationError("--keep-days: expected 0 to 3650")
    }
  }

  func run() async throws {
    let before = UnixTime.milliseconds() - Int64(keepDays) * Self.millisecondsPerDay
    let count = try await place.reading { database in
      let sagas = SagaOperator(database)
      guard !isDryRun else { return try await sagas.ended(before: before) }
      var forgotten = 0
      while true {
        let some = try await sagas.prune(endedBefore: before, limit: Self.atOnce)
        forgotten += some
        if some < Self.atOnce { return forgotten }
      }
    }
    let sagas = count == 1 ? "1 saga" : "\(count) sagas"
    Terminal.standardOutput.write("\(isDryRun ? "would forget" : "forgot") \(sagas)\n")
  }
}
