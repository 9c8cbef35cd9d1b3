// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdServices
import ResiliencePolicies
import ServiceCalls
import ServiceClient
import ServiceTesting
import ServiceTracing
import Testing
import TraceCollecting
import Tracing
import TransactionalMessaging

@Suite("Spans of calls", .timeLimit(.minutes(1)))
struct TracerTests {
  /// A service that fails as often as it is told before it answers with what the next one answers.
  private func service(
    _ tracer: any Tracer, failures: Int = 0, next: ServiceClient? = nil
  ) async throws -> ServiceUnderTest {
    let left = Recorder(failures)
    return try await ServiceUnderTest { router in
      router.add(middleware: CallContextMiddleware(tracer: tracer))
      router.get("/things/:id") { _, _ -> Response in
        let fails = left.value > 0
        left.change { $0 -= 1 }
        if fails { return Response.text(.serviceUnavailable) }
        _ = try await next?.call(ServiceRequest(.get, "/things/2?q=secret"))
        return Response.text(.ok, "1")
      }
    }
  }

  private func client(
    _ name: String, _ service: ServiceUnderTest, _ tracer: any Tracer
  ) -> ServiceClient {
    ServiceClient(
      ServiceEntry(name, endpoints: [service.endpoint]), policy: .eager, tracer: tracer)
  }

  @Test("Client, server, client, server: each attempt is a child of what makes it")
  func hops() async throws {
    let spans = try await spans(of: "shop") { tracer in
      let back = try await service(tracer, failures: 1)
      let toBack = client("back", back, tracer)
      let front = try await service(tracer, next: toBack)
      let toFront = client("front", front, tracer)
      try await tracer.withSpan("visit") { _ in
        _ = try await toFront.call(ServiceRequest(.get, "/things/1"))
      }
      await toFront.close()
      await toBack.close()
      await front.stop()
      await back.stop()
    }
    let tree = TraceTree(spans)
    #expect(tree.problems == [])
    #expect(
      tree.outline == """
        shop: visit
          shop: GET front
            shop: GET /things/{id}
              shop: GET back
                shop: GET /things/{id}
              shop: GET back
                shop: GET /things/{id}
        """)
    let attempts = spans.filter { $0.name == "GET back" }.sorted { $0.start < $1.start }
    #expect(attempts.map { $0.attributes["http.response.status_code"] } == ["503", "200"])
    #expect(attempts.map { $0.attributes["http.request.resend_count"] } == [nil, "1"])
    #expect(attempts.map(\.isError) == [true, false])
    #expect(attempts.allSatisfy { $0.kind == 3 })
    #expect(attempts.allSatisfy { $0.attributes["url.full"]?.hasSuffix("/things/2") == true })
    let served = spans.filter { $0.kind == 2 }
    #expect(served.count == 3)
    #expect(served.allSatisfy { $0.attributes["http.route"] == "/things/{id}" })
  }

  @Test("Without a span at hand a call belongs to the trace of its context")
  func context() async throws {
    let caller = TraceContext(
      parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: "a=1")
    let spans = try await spans(of: "shop") { tracer in
      let back = try await service(tracer)
      let toBack = client("back", back, tracer)
      try await CallContext.$current.withValue(CallContext(trace: caller)) {
        _ = try await toBack.call(ServiceRequest(.get, "/things/1"))
      }
      await toBack.close()
      await back.stop()
    }
    let call = try #require(spans.first { $0.kind == 3 })
    let served = try #require(spans.first { $0.kind == 2 })
    #expect(call.parent == "00f067aa0ba902b7" && call.trace == caller?.trace)
    #expect(served.parent == call.id && served.state == "a=1" && spans.count == 2)
  }

  @Test("A call that never gets there says why")
  func unreachable() async throws {
    let spans = try await spans(of: "shop") { tracer in
      let once = ServiceCallPolicy(retries: .off)
      let client = ServiceClient(
        ServiceEntry("gone", endpoints: [ServiceEndpoint(host: "127.0.0.1", port: 1)]),
        policy: once, tracer: tracer)
      _ = await failure { () throws(ServiceCallError) in
        try await client.call(ServiceRequest(.get, "/"))
      }
      await client.close()
    }
    #expect(spans.map(\.name) == ["GET gone"])
    #expect(spans.first?.isError == true && spans.first?.attributes["error.type"] == "connect")
  }
}
