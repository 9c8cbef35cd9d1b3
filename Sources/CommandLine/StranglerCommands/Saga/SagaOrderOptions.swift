// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import SagaModel
internal import TransactionalMessaging

/// Which saga a decision is about, who makes it, and why.
struct SagaOrderOptions: ParsableArguments {
  @OptionGroup var place: OutboxPlace

  @Argument(help: "The saga's id.")
  var id: String

  @Option(help: "Why; it is kept.")
  var reason: String

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  func validate() throws {
    guard !reason.isEmpty else { throw ValidationError("--reason: missing; it is kept") }
    try LetterOrderOptions.checkLengths(reason: reason, actor: actor)
  }

  /// Keeps a decision for the saga's orchestrator, where it makes sense.
  func decide(_ order: SagaOrder) async throws {
    let saga = try await Self.find(id, place)
    if let objection = SagaOrderCheck.objection(to: order, saga) {
      throw CommandFailure.negative(objection)
    }
    let decision = SagaOperator.Order(
      order, actor: actor ?? ProcessInfo.processInfo.userName, reason: reason,
      now: UnixTime.milliseconds())
    let isKept = try await place.reading { try await SagaOperator($0).decide(decision, saga) }
    guard isKept else {
      throw CommandFailure.negative("saga \(id) went on meanwhile: look at it again")
    }
    Terminal.standardOutput.write("Kept for the orchestrator: see strangler saga show \(id)\n")
  }

  static func find(_ id: String, _ place: OutboxPlace) async throws -> SagaHistory {
    guard let saga = try await place.reading({ try await SagaOperator($0).show(id) }) else {
      throw CommandFailure.negative("there is no saga \(id): strangler saga list")
    }
    return saga
  }
}
