// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import TransactionalMessaging

/// Which dead letters a command means.
struct LetterOptions: ParsableArguments {
  @Option(help: "Only of this relay.")
  var relay: String?

  @Option(help: "Only of this consumer.")
  var consumer: String?

  @Option(help: "Only this aggregate, such as order/42.")
  var aggregate: String?

  @Option(help: "Only aggregates of this type.")
  var type: String?

  @Option(help: "Only the event with this id.")
  var id: String?

  @Option(help: "Only failures of this kind, as dead-letters names them.")
  var fingerprint: String?

  @Option(help: "Only events that happened at this time or later, such as 2026-11-26T08:00:00Z.")
  var from: String?

  @Option(help: "Only events that happened before this time.")
  var before: String?

  func selection(_ states: Set<DeadLetter.State>) throws -> DeadLetterSelection {
    var selection = DeadLetterSelection(states: states)
    selection.relay = relay
    selection.consumer = consumer
    selection.aggregate = aggregate
    selection.aggregateType = type
    selection.eventID = id
    selection.fingerprint = fingerprint
    selection.from = try from.map { try Self.time($0, "--from") }
    selection.before = try before.map { try Self.time($0, "--before") }
    return selection
  }

  private static func time(_ text: String, _ option: String) throws -> Int64 {
    guard let date = try? Date(text, strategy: .iso8601) else {
      throw CommandFailure.unusable("\(option): expected a time such as 2026-11-26T08:00:00Z")
    }
    return Int64(date.timeIntervalSince1970 * 1_000)
  }
}

/// Who acts on dead letters, and why; both are kept.
struct LetterOrderOptions: ParsableArguments {
  /// Longest reason and name, in bytes.
  private static let longestText = 600

  @Option(help: "Why; it is kept. Needed unless this is a dry run.")
  var reason: String?

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  @Flag(name: .customLong("dry-run"), help: "List what is meant and change nothing.")
  var isDryRun = false

  func validate() throws {
    guard isDryRun || reason?.isEmpty == false else {
      throw ValidationError("--reason: missing; it is kept")
    }
    try Self.checkLengths(reason: reason, actor: actor)
  }

  /// What is kept is bounded.
  static func checkLengths(reason: String?, actor: String?) throws {
    for (name, value) in [("--reason", reason), ("--actor", actor)] {
      guard value?.utf8.count ?? 0 <= longestText else {
        throw ValidationError("\(name): longer than \(longestText) bytes")
      }
    }
  }

  var order: OutboxOperator.Order {
    OutboxOperator.Order(
      actor: actor ?? ProcessInfo.processInfo.userName, reason: reason ?? "",
      now: UnixTime.milliseconds())
  }
}
