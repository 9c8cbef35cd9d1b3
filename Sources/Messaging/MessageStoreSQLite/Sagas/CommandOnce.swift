// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GRDB
public import SagaModel
public import TransactionalMessaging

/// For services that carry out steps of sagas, as effects of their inbox:
///
/// ```swift
/// let inbox = SQLiteInbox(consumer: "stock").bound(to: database) { event, db in
///   let command = try SagaCommand(event)
///   let answer = try command.once(in: db, now: now()) {
///     switch command.type {
///     case "reserve": try stock.reserve(command.payload, in: db)
///     case "release": try stock.release(command.payload, in: db)
///     default: throw SagaRefusal("nobody here knows \(command.type)")
///     }
///   }
///   try outbox.append(answer, in: db)
/// }
/// ```
extension SagaCommand {
  /// Does what the command's key names once, and answers the same each time that it comes.
  ///
  /// A compensation of what never came is answered without effect, and what it would have undone is
  /// refused when it comes later.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - work: what is asked for; answers with JSON, or nothing. When it throws `SagaRefusal` its
  ///     changes are undone and the saga is told; any other error is the inbox's to try again.
  /// - Returns: the answer, for the outbox.
  public func once(
    in db: Database, now: Int64, _ work: () throws -> [UInt8]
  ) throws -> OutboxEvent {
    let rows = try SQLiteSagaStore.rows(db, SagaStatements.answers, stepValues)
    let answer: SagaAnswer.Outcome
    switch ParticipantDecision.decide(self, SagaRows.answers(rows)) {
    case .repeated(let former): return self.answer(former, now: now)
    case .answer(let known): answer = known
    case .carryOut: answer = try carryOut(in: db, work)
    }
    if remembers(answer) {
      try SQLiteSagaStore.execute(
        db, SagaStatements.keepAnswer, answerValues(answer, now: now))
    }
    return self.answer(answer, now: now)
  }

  private func carryOut(
    in db: Database, _ work: () throws -> [UInt8]
  ) throws -> SagaAnswer.Outcome {
    var answer = SagaAnswer.Outcome.done([])
    try db.inSavepoint {
      do {
        answer = .done(try work())
        return .commit
      } catch let refusal as SagaRefusal {
        answer = .refused(refusal.description)
        return .rollback
      }
    }
    return answer
  }

  private func answer(_ outcome: SagaAnswer.Outcome, now: Int64) -> OutboxEvent {
    answer(outcome, id: UUID().uuidString.lowercased(), now: now)
  }
}
