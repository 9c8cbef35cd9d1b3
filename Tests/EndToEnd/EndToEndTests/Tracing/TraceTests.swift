// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import ServiceCalls
import ServiceClient
import Testing
import TraceCollecting
import TraceSpans
import Tracing

/// One order through everything, one process each: client, proxy, shop, orders service, relay, and
/// the checkout with its consumers and sagas.
@Suite(.timeLimit(.minutes(3)))
struct TraceTests {
  private static let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#

  @Test func `one order is one tree from the client to the last step of its saga`() async throws {
    let collector = try await TraceCollector.start()
    let programs = try await TracedPrograms(collector)
    try await collector.tracing(
      TracingSettings(collector: collector.url, service: "client")
    ) { tracer in
      let shop = ServiceClient(
        ServiceEntry("shop", endpoints: [programs.proxy]), tracer: tracer)
      try await tracer.withSpan("place an order") { _ in
        let answer = try await shop.call(
          ServiceRequest(
            .post, "/orders", headers: [.contentType: "application/json"],
            body: Array(Self.order.utf8)))
        #expect(answer.status == .created)
      }
      await shop.close()
    }
    await collector.has { spans in
      spans.count { $0.name == "process outbox.event.checkout-answers" } == 2
        && spans.contains { $0.name == "shadow" }
    }
    try await programs.stop()
    await collector.stop()
    let tree = TraceTree(collector.spans)
    #expect(tree.problems == [])
    #expect(tree.outline == Self.expected)
    let shadow = try #require(tree.spans.first { $0.name == "shadow" })
    #expect(shadow.kind == 3 && shadow.attributes["strangler.shadow"] == "mirror")
    let copy = try #require(tree.spans.first { $0.parent == shadow.id })
    #expect(copy.service == "orders-service" && copy.kind == 2)
    #expect(Set(tree.spans.map(\.service)).count == 5)
  }

  private static let answers = """
                      checkout: process outbox.event.checkout-answers
                      checkout: send outbox.event.checkout-answers
    """

  private static let expected = """
    client: place an order
      client: POST shop
        proxy: place-order
          proxy: orders
            orders-service: POST /orders
              orders-service: append outbox.event.order
                checkout: POST /events
                  checkout: GET shop
                    proxy: read-order
                      proxy: legacy
                      proxy: shadow
                        orders-service: GET /orders/{id}
                checkout: process outbox.event.order
                  checkout: checkout confirm
                    checkout: process outbox.event.mail
    \(answers)
                    checkout: send outbox.event.mail
                  checkout: checkout create-order
                  checkout: checkout reserve-stock
                    checkout: process outbox.event.stock
    \(answers)
                    checkout: send outbox.event.stock
                  checkout: checkout take-payment
                strangler-relay: send outbox.event.order
    """
}

/// The processes, started on free ports, with spans to one collector.
private final class TracedPrograms: Sendable {
  let proxy: ServiceEndpoint
  private let programs: [RunningProgram]
  private let shop: RunningProgram
  private let scratch: Scratch

  init(_ collector: TraceCollector) async throws {
    let scratch = try Scratch()
    self.scratch = scratch
    let tells = [
      "OTEL_EXPORTER_OTLP_ENDPOINT": collector.base, "OTEL_BSP_SCHEDULE_DELAY": "50",
    ]
    let database = scratch.path + "/orders.sqlite"
    shop = try Executable.shopMonolith.start(["--port", "0"])
    let orders = try Executable.ordersService.start(
      ["--port", "0", "--database", database], environment: tells)
    let routes = try scratch.write(
      """
      proxy:
        listen: 127.0.0.1:0
        workers: 1
        tracing: { collector: "\(collector.url)", service-name: proxy }
      upstreams:
        legacy: { endpoints: ["127.0.0.1:\(try await shop.port())"] }
        orders: { endpoints: ["127.0.0.1:\(try await orders.port())"] }
      routes:
        - name: place-order
          match: { path: /orders, methods: [POST] }
          legacy: legacy
          extracted: orders
          percent: 100
        - name: read-order
          match: { path: /orders/** }
          legacy: legacy
          extracted: orders
          shadow: { mode: mirror, percent: 100 }
        - { name: everything-else, match: { path: /** }, legacy: legacy }
      """, to: "proxy.yaml")
    let front = try Executable.strangler.start([
      "proxy", "--config", routes, "--evidence", scratch.path + "/shadow.sqlite",
    ])
    let address = "http://" + (try await front.text(after: "proxy listening on "))
    proxy = try #require(ServiceEndpoint(address))
    let checkout = try Executable.tracedCheckout.start(
      [scratch.path, address], environment: tells)
    let events = try await checkout.text(after: "events: ")
    let outbox = try scratch.write(
      """
      outbox:
        database: "\(database)"
        publish: { url: "\(events)", source: /orders }
        tracing: { collector: "\(collector.url)" }
      """, to: "outbox.yaml")
    let relay = try Executable.strangler.start(["outbox", "relay", "--config", outbox])
    programs = [relay, checkout, front, orders]
  }

  /// Asks all that make spans to end, and waits until they have.
  func stop() async throws {
    for program in programs {
      program.signal(SIGTERM)
      let outcome = await program.outcome()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    shop.signal(SIGKILL)
    _ = await shop.outcome()
  }
}
