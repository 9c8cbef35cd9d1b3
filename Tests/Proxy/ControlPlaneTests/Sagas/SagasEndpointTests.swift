// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import HummingbirdTesting
import Synchronization
import Testing

@Suite("Sagas on the admin API", .timeLimit(.minutes(1)))
struct SagasEndpointTests {
  /// Tells of one saga, and remembers what it was asked.
  private final class OneSaga: SagaSource {
    let questions = Mutex<[SagaQuestion]>([])
    let isAway = Mutex(false)

    static let saga = SagaStatus(
      id: "4711", saga: "checkout", version: 2, state: .stuck, step: "confirm", direction: .forward,
      stepState: .stuck, attempts: 10, begunAt: 1_000, endedAt: nil, wakeAt: 5_000,
      orchestrator: "shop-1", failure: "mailbox full")

    private func check() throws {
      if isAway.withLock(\.self) { throw SagaRefusal.unusable("the database cannot be reached") }
    }

    func sagas(_ question: SagaQuestion) async throws -> [SagaStatus] {
      try check()
      questions.withLock { $0.append(question) }
      return [Self.saga]
    }

    func timeline(of id: String) async throws -> SagaTimeline? {
      try check()
      guard id == Self.saga.id else { return nil }
      return SagaTimeline(
        saga: Self.saga, deadline: 60_000, arrivals: 1,
        steps: [
          .init(
            step: "confirm", direction: .forward, kind: .retriable, state: .stuck, attempts: 10,
            mayHaveRun: true, begunAt: 1_250, dueAt: 5_000, endedAt: 2_000, failure: "mailbox full",
            key: "4711:confirm:do")
        ],
        decisions: [.init(at: 3_000, actor: "ann", order: "retry", reason: "it is back")])
    }
  }

  private let source = OneSaga()

  private func harness() throws -> AdminHarness {
    var harness = try AdminHarness()
    harness.sagas = source
    return harness
  }

  @Test("They are listed, by state, definition and number")
  func list() async throws {
    try await harness().run { client in
      let answer = try await client.send(.get, "/sagas")
      #expect(answer.status == 200 && answer.body.contains(#""id" : "4711""#))
      #expect(answer.body.contains(#""begunAt" : "1970-01-01T00:00:01.000Z""#))
      let some = try await client.send(.get, "/sagas?state=stuck&saga=checkout&limit=7")
      #expect(some.status == 200)
      for wrong in ["state=lost", "state=", "limit=0", "limit=1001", "limit=x", "saga="] {
        #expect(try await client.send(.get, "/sagas?\(wrong)").status == 400, "\(wrong)")
      }
    }
    #expect(
      source.questions.withLock(\.self) == [
        SagaQuestion(), SagaQuestion(state: .stuck, saga: "checkout", limit: 7),
      ])
  }

  @Test("One is shown with its steps; what cannot be told is said")
  func show() async throws {
    try await harness().run { client in
      let answer = try await client.send(.get, "/sagas/4711")
      #expect(answer.status == 200)
      for part in [#""key" : "4711:confirm:do""#, #""order" : "retry""#, #""arrivals" : 1"#] {
        #expect(answer.body.contains(part), "\(answer.body)")
      }
      #expect(try await client.send(.get, "/sagas/0815").status == 404)
      let long = String(repeating: "a", count: 129)
      #expect(try await client.send(.get, "/sagas/\(long)").status == 404)
      #expect(try await client.send(.post, "/sagas").status == 405)
      source.isAway.withLock { $0 = true }
      for path in ["/sagas", "/sagas/4711"] {
        let away = try await client.send(.get, path)
        #expect(away.status == 503 && away.body.contains("cannot be reached"))
      }
    }
    let none = try AdminHarness()
    try await none.run { client in
      for path in ["/sagas", "/sagas/4711"] {
        let answer = try await client.send(.get, path)
        #expect(answer.status == 409)
      }
    }
  }

  @Test("Every member of an answer is described")
  func description() async throws {
    try await harness().run { client in
      let text = try await client.send(.get, "/openapi.json").body
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let components = try #require(document["components"] as? [String: [String: Any]])
      let shown = try #require(
        try JSONSerialization.jsonObject(
          with: Data(try await client.send(.get, "/sagas/4711").body.utf8)) as? [String: Any])
      func keys(_ schema: String) throws -> Set<String> {
        let schema = try #require(components["schemas"]?[schema] as? [String: Any])
        return Set(try #require(schema["properties"] as? [String: Any]).keys)
      }
      #expect(try keys("SagaTimeline") == Set(shown.keys))
      let saga = try #require(shown["saga"] as? [String: Any])
      #expect(try keys("Saga").subtracting(["endedAt"]) == Set(saga.keys))
    }
  }
}
