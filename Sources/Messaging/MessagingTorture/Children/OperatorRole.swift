// SPDX-License-Identifier: Apache-2.0

internal import MessageRelay
internal import TortureModel
internal import TransactionalMessaging

/// Sees to the cause of a consumer's dead letters and replays them.
struct OperatorRole: Sendable {
  let database: any TortureDatabase
  let points: CrashPoints
  let voice: ChildVoice

  func run() async throws {
    let outbox = OutboxOperator(database.operators)
    var selection = DeadLetterSelection(states: [.dead])
    selection.consumer = TortureNames.consumer
    let letters = try await outbox.deadLetters(selection)
    for letter in letters {
      voice.tell(
        .letter(
          Sighting(
            id: letter.eventID ?? "", aggregate: letter.aggregateID, version: letter.position),
          attempts: letter.attempts))
    }
    try await database.cure(letters.compactMap(\.eventID))
    let isDying = points.passSoon(.replaying)
    _ = try await outbox.replay(
      letters,
      OutboxOperator.Order(
        actor: "torture", reason: "the cause is gone", now: SystemMessagingClock().now()))
    if isDying { points.die(at: .replaying) }
    points.pass(.replayed)
  }
}
