// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StranglerDemo

@Suite struct UserLedgerTests {
  private func answer(
    _ user: Int, _ side: UserLedger.Side?, _ phase: UserLedger.Phase = .ramp, status: Int? = 200,
    right: Bool = true, milliseconds: Double = 1
  ) -> UserLedger.Answer {
    UserLedger.Answer(
      user: user, phase: phase, isSplitRoute: true, side: side, status: status,
      milliseconds: milliseconds, isRight: right)
  }

  @Test func `a user who returns to legacy while ramping up has flipped back`() {
    var ledger = UserLedger()
    ledger.note(answer(1, .legacy))
    ledger.note(answer(1, .extracted))
    #expect(ledger.flippedBack.isEmpty)
    ledger.note(answer(1, .legacy))
    #expect(ledger.flippedBack == [1])
  }

  @Test func `legacy answering for a killed service is no flip`() {
    var ledger = UserLedger()
    ledger.note(answer(1, .extracted))
    ledger.note(answer(1, .legacy, .outage))
    ledger.note(answer(1, .extracted))
    #expect(ledger.flippedBack.isEmpty)
  }

  @Test func `after a wished rollback a user may start over on legacy`() {
    var ledger = UserLedger()
    ledger.note(answer(1, .extracted))
    ledger.note(answer(1, .legacy, .rollback))
    ledger.note(answer(1, .legacy))
    #expect(ledger.flippedBack.isEmpty)
    #expect(ledger.usersOnExtracted.isEmpty)
  }

  @Test func `only requests that began after the rollback can break it`() {
    var ledger = UserLedger()
    ledger.note(answer(1, .extracted, .rollback))
    #expect(ledger.answersAfterRollback.isEmpty)
    ledger.note(answer(1, .legacy, .rolledBack))
    ledger.note(answer(2, .extracted, .rolledBack))
    #expect(ledger.answersAfterRollback == [.legacy: 1, .extracted: 1])
  }

  @Test func `failures are counted by what failed, wrong answers apart`() {
    var ledger = UserLedger()
    ledger.note(answer(1, nil, status: nil))
    ledger.note(answer(1, nil, status: 502))
    ledger.note(answer(1, .legacy, status: 404))
    ledger.note(answer(1, .legacy, right: false))
    #expect(ledger.failures == ["connection": 1, "status 502": 1, "status 404": 1])
    #expect(ledger.failedRequests == 3)
    #expect(ledger.wrongAnswers == 1)
    #expect(ledger.requests == 4)
    #expect(
      ledger.failureDetails == ", connection: 1, status 404: 1, status 502: 1, wrong answers: 1")
    #expect(UserLedger().failureDetails == "")
  }

  @Test func `quantiles are values that were seen`() {
    var ledger = UserLedger()
    #expect(ledger.latency(quantile: 0.5) == 0)
    for milliseconds in 1...100 {
      ledger.note(answer(1, .legacy, milliseconds: Double(milliseconds)))
    }
    #expect(ledger.latency(quantile: 0.5) == 50)
    #expect(ledger.latency(quantile: 0.99) == 99)
    #expect(ledger.latency(quantile: 1) == 100)
  }
}
