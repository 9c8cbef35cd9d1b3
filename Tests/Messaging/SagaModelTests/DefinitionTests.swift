// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@testable import SagaModel

@Suite struct DefinitionTests {
  private struct Trip: Codable, Sendable, Equatable {
    var city: String
    var flight: String?
  }

  private struct Flight: Codable { var number: String }

  /// A store that keeps nothing: definitions alone are looked at.
  private struct NoStore: SagaStore {
    typealias Write = @Sendable (SagaCall, String) throws -> String
    let signal = WakeSignal()

    func acquire(_ orchestrator: String, after former: SagaLease?, until: Int64) -> SagaLease {
      SagaLease(orchestrator: orchestrator, epoch: 1)
    }
    func renew(_ lease: SagaLease, until: Int64) {}
    func release(_ lease: SagaLease) {}
    func claim(
      _ lease: SagaLease, _ identities: [SagaIdentity], orphans: Bool, now: Int64, limit: Int
    ) -> [OpenSaga] { [] }
    func due(_ lease: SagaLease, now: Int64, limit: Int) -> [OpenSaga] { [] }
    func load(_ ids: [String], _ lease: SagaLease) -> [OpenSaga] { [] }
    func commit(_ turns: [SagaTurn<NoStore>], _ lease: SagaLease) -> [SagaDecision?] { [] }
    func unknown(to identities: [SagaIdentity]) -> [(identity: SagaIdentity, count: Int)] { [] }
  }

  private func trip(_ first: String = "book-hotel") throws -> Saga<Trip, NoStore> {
    try Saga<Trip, NoStore>("trip", version: 2, within: .seconds(60)) {
      Step(first, .call { _, _ in }.within(.seconds(2)), compensation: .call { _, _ in })
      Step(
        "book-flight",
        .command(to: "flights", "book") {
          $0.city
        } answered: { (trip, flight: Flight) in
          trip.flight = flight.number
        }, compensation: nil)
      Pivot("pay", .call { _, _ in })
      Retriable("tell", .command(to: "mail", "tell") { $0.city }.attempts(4))
    }
  }

  @Test func aDefinitionIsAPlan() throws {
    let plan = try trip().script.plan
    #expect(plan.steps.map(\.kind) == [.compensatable, .compensatable, .pivot, .retriable])
    #expect(plan.deadline == 60_000 && plan.steps[0].work.policy.within == 2_000)
    #expect(plan.steps.map(\.work.policy.attempts) == [3, 1, 10, 4])
    #expect(
      plan.identity.shape
        == "book-hotel(call/call) book-flight(command) pay!(call) tell+(command)")
    #expect(plan.identity.description == "trip v2")
  }

  @Test(arguments: ["book-flight", "Book", "", "a b", String(repeating: "x", count: 65)])
  func namesAreUniqueAndPlain(_ name: String) {
    let error = #expect(throws: SagaDefinitionError.self) { _ = try trip(name) }
    #expect(error?.description.hasPrefix("saga trip: ") == true)
  }

  @Test(arguments: ["", "a:b", "a b", "ü", String(repeating: "x", count: 129)])
  func idsArePlain(_ id: String) throws {
    let trip = try trip()
    #expect(throws: SagaDefinitionError.self) { _ = try trip.begin(id, Trip(city: "x"), now: 0) }
  }

  @Test func aSagaBeginsWithItsContextAndItsDeadline() throws {
    let trip = try trip()
    let record = try trip.begin("7", Trip(city: "Rome"), now: 5, trace: "t")
    #expect(record.context == #"{"city":"Rome"}"# && record.deadline == 60_005)
    #expect(record.wakeAt == 5 && record.identity == trip.script.plan.identity)
    #expect(record.trace == "t" && record.phase == .active)
  }

  @Test func answersGoIntoTheContext() throws {
    let script = try trip().script
    guard case .command(let command)? = script.work(SagaPlace(1, .forward))?.body else {
      Issue.record("the second step is a command")
      return
    }
    let context = #"{"city":"Rome"}"#
    #expect(try command.content(context) == Array(#""Rome""#.utf8))
    #expect(
      try command.answered(context, #"{"number":"LX1"}"#) == #"{"city":"Rome","flight":"LX1"}"#)
    #expect(throws: DecodingError.self) { try command.answered(context, "{}") }
    guard case .command(let last)? = script.work(SagaPlace(3, .forward))?.body else {
      Issue.record("the last step is a command")
      return
    }
    #expect(try last.answered(context, "[1]") == context)
  }
}
