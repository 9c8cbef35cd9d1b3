// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdServices
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing
import TransactionalMessaging

@Suite("What travels along", .timeLimit(.minutes(1)))
struct PropagationTests {
  private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  private static let fields = [CallContext.timeoutField, "traceparent", "tracestate"]

  private let clock = ManualCallClock()
  /// What each hop was told.
  private let told = Recorder<[[String?]]>([])
  private let arrived = Counter()
  private let released = Counter()

  /// Answers with what the next one answers, and takes 300 ms before it asks.
  private func front(_ next: ServiceClient) async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.add(middleware: CallContextMiddleware(clock: clock))
      router.get("/front") { request, _ in
        note(request)
        clock.advance(milliseconds: 300)
        do throws(ServiceCallError) {
          return Response.text(.ok, "\(try await next.get("/back", as: Int.self))")
        } catch {
          return Response.text(.gatewayTimeout, "\(error.source)")
        }
      }
    }
  }

  private func back(isSlow: Bool) async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.get("/back") { request, _ in
        note(request)
        arrived.add()
        if isSlow { await released.has(1) }
        return Response.text(.ok, "7")
      }
    }
  }

  private func note(_ request: Request) {
    told.change { told in
      told.append(Self.fields.map { name in HTTPField.Name(name).flatMap { request.headers[$0] } })
    }
  }

  @Test("Over two hops each is told how long the first caller still waits")
  func deadline() async throws {
    let back = try await back(isSlow: false)
    try await withClient([back.endpoint], clock: clock) { toBack in
      let front = try await front(toBack)
      try await withClient([front.endpoint], clock: clock) { toFront in
        // Without a caller who said so, it is the time of a call.
        let answer = try await toFront.get("/front", as: Int.self)
        #expect(answer == 7)
        #expect(told.value.map { $0[0] } == ["5000", "4700"])

        told.change { $0 = [] }
        let impatient = CallContext().limited(to: .milliseconds(800), at: clock.now())
        try await CallContext.$current.withValue(impatient) {
          let answer = try await toFront.get("/front", as: Int.self)
          #expect(answer == 7)
        }
        #expect(told.value.map { $0[0] } == ["800", "500"])
      }
      await front.stop()
    }
    await back.stop()
  }

  @Test("The second hop gives up when the first caller does")
  func deadlineOver() async throws {
    let back = try await back(isSlow: true)
    try await withClient([back.endpoint], clock: clock) { toBack in
      let front = try await front(toBack)
      // The clock of the first caller stands still, so that it hears what became of the second hop.
      let once = ServiceCallPolicy(retries: .off)
      try await withClient([front.endpoint], once, clock: ManualCallClock()) { toFront in
        let waits = CallContext().limited(to: .milliseconds(800), at: 1_000_000)
        async let answer = CallContext.$current.withValue(waits) {
          try await toFront.send(ServiceRequest(.get, "/front"))
        }
        await arrived.has(1)
        await clock.sleeper(until: 1_000_800...1_000_800)
        clock.advance(milliseconds: 500)
        let ended = try await answer
        #expect(
          String(decoding: ended.body, as: UTF8.self)
            == "no answer within the time that the caller waits")
      }
      released.add()
      await front.stop()
    }
    await back.stop()
  }

  @Test("Who has no time left is not asked for anything")
  func noTime() async throws {
    let back = try await back(isSlow: false)
    try await withClient([back.endpoint], clock: clock) { client in
      let error = await CallContext.$current.withValue(CallContext(deadline: clock.now())) {
        await failure { () throws(ServiceCallError) in try await client.post("/back", json: 1) }
      }
      #expect(error?.source == .timeout(.caller))
      #expect(error?.attempts == 0)
      #expect(error?.retry == .safe(after: .zero))
      #expect(arrived.count == 0)
    }
    await back.stop()
  }

  @Test("A trace goes on over two hops; with an observer each attempt is a span of its own")
  func trace() async throws {
    let spans = Recorder<[CallAttempt]>([])
    let back = try await back(isSlow: false)
    let observe = { @Sendable (attempt: CallAttempt) in spans.change { $0.append(attempt) } }
    try await withClient([back.endpoint], clock: clock, observe: observe) { toBack in
      let front = try await front(toBack)
      try await withClient([front.endpoint], clock: clock) { toFront in
        let context = CallContext(trace: TraceContext(parent: Self.parent, state: "shop=1"))
        try await CallContext.$current.withValue(context) {
          let answer = try await toFront.get("/front", as: Int.self)
          #expect(answer == 7)
        }
      }
      await front.stop()
    }
    await back.stop()
    let hops = told.value
    try #require(hops.count == 2)
    // Nobody reports a span of the first hop, so it is told the caller's.
    #expect(hops[0][1] == Self.parent)
    #expect(hops[0][2] == "shop=1")
    let span = try #require(spans.value.first)
    #expect(hops[1][1] == span.trace?.parent)
    #expect(hops[1][2] == "shop=1")
    #expect(span.trace?.trace == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(span.trace?.isSampled == true)
    #expect(span.parentSpan == "00f067aa0ba902b7")
    #expect(span.trace?.span != span.parentSpan)
    #expect(span.status == 200)
    #expect(span.number == 1)
    #expect(span.path == "/back")
    #expect(span.failure == nil)
  }

  @Test("Outside of any trace none is made up")
  func noTrace() async throws {
    let back = try await back(isSlow: false)
    try await withClient([back.endpoint], observe: { _ in }) { client in
      let answer = try await client.get("/back", as: Int.self)
      #expect(answer == 7)
    }
    #expect(told.value.first?[1] == .some(nil))
    await back.stop()
  }
}
