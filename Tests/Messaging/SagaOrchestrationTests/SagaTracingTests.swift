// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import MessagingTestSupport
import SagaOrchestration
import ServiceTracing
import Testing
import TraceCollecting
import TracePropagation
import Tracing
import TransactionalMessaging

@Suite("Spans of sagas", .timeLimit(.minutes(1)))
struct SagaTracingTests {
  /// The spans of one checkout, which is begun within the span `order`.
  private func checkout(
    _ id: String, isTraced: Bool = true
  ) async throws -> [CollectedSpan] {
    let folder = try TemporaryFolder()
    return try await spans(of: "shop") { tracer in
      var times = CheckoutTimes()
      times.command = .seconds(60)
      times.call = .seconds(60)
      times.confirmation = .seconds(60)
      let world = try CheckoutWorld(
        SQLiteShop(path: folder.path("shop.sqlite")), folder: folder.path(""), times: times,
        tracer: tracer, logger: .silent)
      try await world.running([world.orchestrator()]) {
        try await tracer.withSpan("order") { span in
          let trace = tracer.traceContext(span.context)
          try await world.begin([id], trace: isTraced ? trace?.text : nil)
        }
        while try await world.active() > 0 { await Task.yield() }
      }
    }
  }

  @Test("Each step is a span, with the command, the service and the answer below it")
  func completed() async throws {
    let spans = try await checkout(Fault("confirm", .none).id(1))
    let tree = TraceTree(spans)
    #expect(tree.problems == [])
    let answered = """
            shop: process outbox.event.checkout-answers
            shop: send outbox.event.checkout-answers
      """
    #expect(
      tree.outline == """
        shop: order
          shop: checkout confirm
            shop: process outbox.event.mail
        \(answered)
            shop: send outbox.event.mail
          shop: checkout create-order
          shop: checkout reserve-stock
            shop: process outbox.event.stock
        \(answered)
            shop: send outbox.event.stock
          shop: checkout take-payment
        """)
    let kinds = Dictionary(grouping: spans, by: \.kind).mapValues { Set($0.map(\.name)).count }
    #expect(kinds == [1: 3, 3: 3, 4: 2, 5: 3])
    let step = try #require(spans.first { $0.name == "checkout take-payment" })
    #expect(step.attributes["strangler.saga.attempt"] == "1")
    #expect(step.attributes["strangler.saga.direction"] == "do")
  }

  @Test("A step that is refused says so, and what is undone has spans of its own")
  func compensated() async throws {
    let spans = try await checkout(Fault("take-payment", .refuses).id(1))
    let tree = TraceTree(spans)
    #expect(tree.problems == [])
    let refused = try #require(spans.first { $0.name == "checkout take-payment" })
    #expect(refused.isError && refused.events == ["exception"])
    for step in ["reserve-stock", "create-order"] {
      let span = try #require(spans.first { $0.name == "checkout compensate \(step)" })
      #expect(span.attributes["strangler.saga.direction"] == "undo")
      #expect(tree.path(to: span).map(\.name).last == "order")
    }
  }

  @Test("A write that fails is a span that failed, and the next attempt another one")
  func retried() async throws {
    let spans = try await checkout(Fault("create-order", .fails).id(1))
    #expect(TraceTree(spans).problems == [])
    let attempts = spans.filter { $0.name == "checkout create-order" }
      .sorted { $0.start < $1.start }
    #expect(attempts.map { $0.attributes["strangler.saga.attempt"] } == ["1", "2"])
    #expect(attempts.map(\.isError) == [true, false])
  }

  @Test("A saga that was begun outside of any trace has no spans of steps")
  func untraced() async throws {
    let spans = try await checkout(Fault("confirm", .none).id(1), isTraced: false)
    #expect(!spans.contains { $0.name.hasPrefix("checkout ") })
    // Each command is processed all the same, in a trace of its own.
    #expect(Set(spans.filter { $0.parent == nil && $0.kind == 5 }.map(\.name)).count == 2)
  }
}
