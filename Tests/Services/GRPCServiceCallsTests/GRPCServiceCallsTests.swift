// SPDX-License-Identifier: Apache-2.0

#if GRPC
  import GRPCCore
  import GRPCServiceCalls
  import ResiliencePolicies
  import ServiceCalls
  import ServiceTesting
  import Testing
  import TraceCollecting
  import Tracing
  import TransactionalMessaging

  @Suite("Calls over gRPC", .timeLimit(.minutes(1)))
  struct GRPCServiceCallsTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private let clock = ManualCallClock()
    private let asked = Counter()
    private let isWell = Recorder(false)

    private func answer() async throws -> String {
      asked.add()
      if !isWell.value { throw RPCError(code: .internalError, message: "broken") }
      return "an order"
    }

    @Test("Five failures open the breaker, thirty seconds later two successes close it")
    func breaker() async throws {
      let calls = GRPCServiceCalls("orders", clock: clock)
      try await withService(calls) { _ in
        try await answer()
      } _: { client in
        for _ in 0..<5 {
          #expect(await client.find(calls.options()).code == .internalError)
        }
        let open = await client.find(calls.options())
        #expect(
          open
            == .refused(
              .unavailable,
              "orders: the circuit breaker is open for another 30000 ms; nothing was sent"))
        #expect(asked.count == 5)
        clock.advance(milliseconds: 30_000)
        isWell.change { $0 = true }
        for _ in 0..<2 { #expect(await client.find(calls.options()) == .answer("an order")) }
        isWell.change { $0 = false }
        // Closed: it takes five again.
        for _ in 0..<5 {
          #expect(await client.find(calls.options()).code == .internalError)
        }
        #expect(await client.find(calls.options()).code == .unavailable)
        #expect(asked.count == 12)
      }
    }

    @Test(
      "A refusal that is the caller's fault opens nothing",
      arguments: [
        RPCError.Code.notFound, .invalidArgument, .alreadyExists, .permissionDenied,
        .unimplemented,
      ])
    func faultsOfCallers(_ code: RPCError.Code) async throws {
      let calls = GRPCServiceCalls("orders", clock: clock)
      try await withService(calls) { _ in
        throw RPCError(code: code, message: "no")
      } _: { client in
        for _ in 0..<12 { #expect(await client.find(calls.options()).code == code) }
      }
    }

    @Test("What is above the bulkhead is refused, and a response that ends makes room")
    func bulkhead() async throws {
      var policy = ServiceCallPolicy()
      policy.bulkhead = BulkheadRules(inFlight: 2, queue: 0)
      let calls = GRPCServiceCalls("orders", policy: policy, clock: clock)
      let (entered, entering) = AsyncStream.makeStream(of: Void.self)
      let (opened, opening) = AsyncStream.makeStream(of: Void.self)
      try await withService(calls) { _ in
        entering.yield()
        for await _ in opened {}
        return "an order"
      } _: { client in
        await withTaskGroup(of: Found.self) { tasks in
          for _ in 0..<2 { tasks.addTask { await client.find(calls.options()) } }
          var entries = entered.makeAsyncIterator()
          for _ in 0..<2 { await entries.next() }
          #expect(
            await client.find(calls.options())
              == .refused(
                .resourceExhausted, "orders: too many calls are under way; nothing was sent"))
          opening.finish()
          for await found in tasks { #expect(found == .answer("an order")) }
        }
        #expect(await client.find(calls.options()) == .answer("an order"))
      }
    }

    @Test("Only what the service may be asked twice is asked again")
    func attempts() async throws {
      for (isRepeatable, expected) in [(false, 1), (true, 3)] {
        let asked = Counter()
        let calls = GRPCServiceCalls("orders", clock: clock)
        try await withService(calls) { _ in
          asked.add()
          throw RPCError(code: .unavailable, message: "not now")
        } _: { client in
          let options = calls.options(isRepeatable: isRepeatable)
          #expect(await client.find(options).code == .unavailable)
        }
        #expect(asked.count == expected)
      }
    }

    @Test("A call has the time of the policy, or what its caller has left")
    func deadlines() {
      let calls = GRPCServiceCalls("orders", clock: clock)
      #expect(calls.options().timeout == .seconds(5))
      let now = clock.now()
      for (left, expected) in [(UInt64(1_200), 1_200), (9_000, 5_000), (0, 1)] {
        CallContext.$current.withValue(CallContext(deadline: now + left)) {
          #expect(calls.options().timeout == .milliseconds(expected))
        }
      }
    }

    @Test("Each attempt is a span below the caller's, and the service is told that span")
    func traces() async throws {
      let told = Recorder<[String]>([])
      let spans = try await spans(of: "shop") { tracer in
        let calls = GRPCServiceCalls("orders", clock: clock, tracer: tracer)
        try await withService(calls) { metadata in
          told.change { $0 += metadata[stringValues: "traceparent"].map(\.self) }
          if told.value.count == 1 { throw RPCError(code: .unavailable, message: "not now") }
          return "an order"
        } _: { client in
          await tracer.withSpan("visit") { _ in
            #expect(await client.find(calls.options(isRepeatable: true)) == .answer("an order"))
          }
        }
      }
      let tree = TraceTree(spans)
      #expect(tree.problems == [])
      #expect(
        tree.outline == """
          shop: visit
            shop: shop.Orders/Find
            shop: shop.Orders/Find
          """)
      let attempts = spans.filter { $0.kind == 3 }
      #expect(
        Set(told.value.map { String($0.split(separator: "-")[2]) }) == Set(attempts.map(\.id)))
      #expect(Set(attempts.compactMap { $0.attributes["rpc.grpc.status_code"] }) == ["0", "14"])
      #expect(attempts.filter(\.isError).count == 1)
    }

    @Test("Without a tracer the caller's trace goes on unchanged")
    func traceOfTheCaller() async throws {
      let told = Recorder<[String]>([])
      let calls = GRPCServiceCalls("orders", clock: clock)
      let context = CallContext(trace: TraceContext(parent: Self.parent, state: "a=1"))
      try await withService(calls) { metadata in
        told.change {
          $0 += ["traceparent", "tracestate"].flatMap { metadata[stringValues: $0].map(\.self) }
        }
        return "an order"
      } _: { client in
        await CallContext.$current.withValue(context) {
          #expect(await client.find(calls.options()) == .answer("an order"))
        }
      }
      #expect(told.value == [Self.parent, "a=1"])
    }
  }
#endif
