// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores

struct DataFollowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow",
    abstract: "Carry changes over to the side that follows, for as long as it runs.",
    discussion: """
      Which side that is, it asks the migration's state, and goes on in the other direction when
      that changes. It may be killed at any moment, and run twice: what was not carried over is
      noted, and what is carried over twice changes nothing.

      A change whose row has nothing to become on the other side, or that its store does not take,
      waits and is tried again, soon at first and then every ten seconds; all others go on. One that
      is refused again and again is shown: at first, a row of another table may not have come yet.

      A store that is away is tried again in the same way. With --until-empty that ends the command.

      Ends when it is interrupted or, with --until-empty, with 0 when nothing waits any more and
      with 1 when what waits was refused or a change of sides is under way; with 2 when the file, a
      mapping or a store cannot be used.

      EXAMPLES
        strangler data follow --config strangler.yaml
        strangler data follow --config strangler.yaml --mapping orders --until-empty
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit

  @Flag(name: .customLong("until-empty"), help: "End when nothing waits any more.")
  var untilEmpty = false

  func run() async throws {
    let line = ProgressLine(quiet: limit.quiet)
    let untilEmpty = untilEmpty
    let left = try await Migrating.open(configuration.file, mapping, limit, line) { all in
      try await withThrowingTaskGroup(of: [String].self) { group in
        for migrating in all {
          group.addTask {
            var follower = ChangeFollower(migrating, untilEmpty: untilEmpty, line)
            return try await follower.follow()
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    }
    guard left.isEmpty else {
      throw CommandFailure(
        message: "changes could not be carried over", details: left,
        exitCode: CommandFailure.negativeAnswer)
    }
  }
}
