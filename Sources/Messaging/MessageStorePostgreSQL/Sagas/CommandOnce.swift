// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Foundation
  public import SagaModel
  public import TransactionalMessaging

  /// For services that carry out steps of sagas, as effects of their inbox.
  extension SagaCommand {
    /// Does what the command's key names once, and answers the same each time that it comes.
    ///
    /// A compensation of what never came is answered without effect, and what it would have undone
    /// is refused when it comes later.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - work: what is asked for; answers with JSON, or nothing. When it throws `SagaRefusal` its
    ///     changes are undone and the saga is told; any other error is the inbox's to try again.
    /// - Returns: the answer, for the outbox.
    public func once(
      in transaction: PostgreSQLTransaction, now: Int64, _ work: () async throws -> [UInt8]
    ) async throws -> OutboxEvent {
      let rows = try await transaction.execute(
        NamedStatement(SagaStatements.answers).bind(stepValues))
      let answer: SagaAnswer.Outcome
      let known = SagaRows.answers(rows.map(PostgreSQLSagaStore.row))
      switch ParticipantDecision.decide(self, known) {
      case .repeated(let former): return self.answer(former, now: now)
      case .answer(let known): answer = known
      case .carryOut:
        do {
          answer = .done(try await transaction.savepoint { try await work() })
        } catch let refusal as SagaRefusal {
          answer = .refused(refusal.description)
        }
      }
      if remembers(answer) {
        try await transaction.execute(
          NamedStatement(SagaStatements.keepAnswer).bind(answerValues(answer, now: now)))
      }
      return self.answer(answer, now: now)
    }

    private func answer(_ outcome: SagaAnswer.Outcome, now: Int64) -> OutboxEvent {
      answer(outcome, id: UUID().uuidString.lowercased(), now: now)
    }
  }
#endif
