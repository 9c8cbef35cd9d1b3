// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@testable import SagaModel

@Suite struct MessageTests {
  private static let id = "00000000-0000-4000-8000-000000000001"

  private func command(
    _ direction: SagaDirection = .forward, isObliged: Bool = false
  ) throws -> SagaCommand {
    let call = SagaCall(
      saga: "checkout", sagaID: "7", step: "reserve", direction: direction, attempt: 2,
      trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    let script = CommandScript(channel: "stock", type: "reserve") { _ in
      []
    } answered: { context, _ in
      context
    }
    let event = SagaCommand.event(
      call, script: script, payload: Array("{}".utf8), isObliged: isObliged, id: Self.id, now: 3)
    try event.validate()
    return try SagaCommand(ReceivedEvent(version: 1, event: event))
  }

  @Test func aCommandIsReadAsItWasSent() throws {
    let command = try command()
    #expect(command.key == "7:reserve:do" && command.type == "reserve" && !command.isObliged)
    #expect(command.call.attempt == 2 && command.call.saga == "checkout")
    #expect(command.call.trace?.hasPrefix("00-4bf") == true)
    #expect(try self.command(.backward, isObliged: true).isObliged)
  }

  @Test(arguments: [SagaAnswer.Outcome.done(Array("[1]".utf8)), .refused("no \"more\"")])
  func anAnswerIsReadAsItWasSent(_ outcome: SagaAnswer.Outcome) throws {
    let event = try command(.backward).answer(outcome, id: Self.id, now: 4)
    try event.validate()
    #expect(event.aggregateType == "checkout-answers" && event.aggregateID == "7:reserve")
    let answer = try SagaAnswer(ReceivedEvent(version: 1, event: event))
    #expect(answer.outcome == outcome && answer.direction == .backward)
    #expect(answer.sagaID == "7" && answer.step == "reserve")
    #expect(event.traceContext != nil)
  }

  @Test(arguments: ["saga_id", "saga_step", "saga_direction", "saga_outcome"])
  func whatIsNoAnswerIsNamed(_ header: String) throws {
    var event = try command().answer(.done([]), id: Self.id, now: 4)
    event.headers[header] = "ä"
    if header == "saga_id" || header == "saga_step" { event.headers[header] = nil }
    let error = #expect(throws: MalformedSagaMessage.self) {
      try SagaAnswer(ReceivedEvent(version: 1, event: event))
    }
    #expect(error?.header == header)
  }

  @Test func whatAServiceRememberedDecides() throws {
    let (forward, backward) = (try command(), try command(.backward, isObliged: true))
    let done = SagaAnswer.Outcome.done([1])
    #expect(ParticipantDecision.decide(forward, [:]) == .carryOut)
    #expect(ParticipantDecision.decide(forward, [.forward: done]) == .repeated(done))
    #expect(ParticipantDecision.decide(backward, [.forward: done]) == .carryOut)
    #expect(ParticipantDecision.decide(backward, [:]) == .answer(.done([])))
    #expect(
      ParticipantDecision.decide(backward, [.forward: .refused("no")]) == .answer(.done([])))
    guard case .answer(.refused) = ParticipantDecision.decide(forward, [.backward: done]) else {
      Issue.record("what was undone before it came must not be done")
      return
    }
    #expect(forward.remembers(.refused("no")) && !backward.remembers(.refused("no")))
    #expect(backward.remembers(done))
  }
}
