// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import ProxyDataPlane
import RoutingDecisions
import ServiceLifecycle
import Synchronization
import Testing

@Suite("Span export", .timeLimit(.minutes(1))) struct TraceExportTests {
  /// The parts of OTLP/HTTP JSON that a collector insists on.
  struct Export: Decodable {
    struct ResourceSpans: Decodable {
      let resource: Resource
      let scopeSpans: [ScopeSpans]
    }
    struct Resource: Decodable { let attributes: [Attribute] }
    struct ScopeSpans: Decodable {
      let scope: Scope
      let spans: [Span]
    }
    struct Scope: Decodable { let name: String }
    struct Span: Decodable {
      let traceId: String
      let spanId: String
      let parentSpanId: String?
      let name: String
      let kind: Int
      let startTimeUnixNano: String
      let endTimeUnixNano: String
      let attributes: [Attribute]
    }
    struct Attribute: Decodable {
      struct Value: Decodable {
        let stringValue: String?
        let intValue: String?
      }
      let key: String
      let value: Value
    }
    let resourceSpans: [ResourceSpans]
  }

  private final class Collector: Sendable {
    let bodies = Mutex<[String]>([])
    let types = Mutex<[String]>([])
  }

  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Collector and origin in one: spans to `/v1/traces`, everything else is answered with 200.
  private func stub(
    _ collector: Collector, answering statuses: [HTTPResponse.Status],
    onListening: @escaping @Sendable (Int) -> Void
  ) -> some Service {
    let router = Router()
    let answers = Mutex(statuses)
    router.post("/v1/traces") { request, _ in
      let body = try await request.body.collect(upTo: 1 << 20)
      let status = answers.withLock { $0.isEmpty ? .ok : $0.removeFirst() }
      if status == .ok {
        collector.bodies.withLock { $0.append(String(buffer: body)) }
        collector.types.withLock { $0.append(request.headers[.contentType] ?? "") }
      }
      return Response(status: status)
    }
    router.get("/orders") { _, _ in "fine" }
    return Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { onListening($0.localAddress?.port ?? 0) }, logger: logger)
  }

  /// Sends requests through a proxy that exports, and shuts both down; returns the counters.
  private func export(
    to collector: Collector, answering statuses: [HTTPResponse.Status] = [], requests: Int
  ) async throws -> ObservationCounters {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let stubs = ServiceGroup(
      services: [stub(collector, answering: statuses) { listening.yield($0) }], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await stubs.run() }
      let port = try #require(await ports.first { _ in true })
      let front = try FrontProxy(configuration: configuration(port), logger: logger)
      let group = ServiceGroup(services: [front], logger: logger)
      tasks.addTask { try await group.run() }
      let address = try await front.addresses().proxy
      try await TestClient.withClient(host: "127.0.0.1", port: address.port) { client in
        for _ in 0..<requests {
          let answer = try await client.send(.get, "/orders", [.userAgent: "tester"])
          #expect(answer.body == "fine")
        }
      }
      await group.triggerGracefulShutdown()
      try await tasks.next()
      await stubs.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return front.proxy.counters.observation
    }
  }

  private func configuration(_ port: Int) -> ProxyConfiguration {
    let address = NetworkAddress(host: "127.0.0.1", port: port)
    var configuration = ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0),
      upstreams: [UpstreamConfiguration(name: "legacy", target: .network([address]))],
      routes: [
        RouteConfiguration(
          name: "all", match: RouteMatch(path: .everything), legacy: "legacy")
      ])
    configuration.tracing = TracingConfiguration(
      collector: "http://127.0.0.1:\(port)/v1/traces", serviceName: "shop \"front\"")
    return configuration
  }

  @Test("Every span reaches the collector, the last ones at shutdown")
  func spans() async throws {
    let collector = Collector()
    let counters = try await export(to: collector, requests: 3)
    #expect(counters.exportedSpans == 6)
    #expect(counters.lostSpans == 0)
    #expect(collector.types.withLock(\.self).allSatisfy { $0 == "application/json" })
    let exports = try collector.bodies.withLock(\.self).map {
      try JSONDecoder().decode(Export.self, from: Data($0.utf8))
    }
    let resources = exports.flatMap(\.resourceSpans)
    let service = resources.first?.resource.attributes.first
    #expect(service?.key == "service.name")
    #expect(service?.value.stringValue == "shop \"front\"")
    let all = resources.flatMap(\.scopeSpans).flatMap(\.spans)
    let spans = all.filter { $0.kind == 2 }
    #expect(spans.count == 3 && all.count == 6)
    #expect(Set(all.compactMap(\.parentSpanId)) == Set(spans.map(\.spanId)))
    #expect(Set(spans.map(\.traceId)).count == 3)
    for span in spans {
      #expect(span.traceId.count == 32)
      #expect(span.spanId.count == 16)
      #expect(span.parentSpanId == nil)
      #expect(span.name == "all")
      #expect(span.kind == 2)
      let start = try #require(UInt64(span.startTimeUnixNano))
      let end = try #require(UInt64(span.endTimeUnixNano))
      #expect(start < end)
      let attributes = Dictionary(uniqueKeysWithValues: span.attributes.map { ($0.key, $0.value) })
      #expect(attributes["http.response.status_code"]?.intValue == "200")
      #expect(attributes["user_agent.original"]?.stringValue == "tester")
    }
  }

  @Test("A batch is sent once more when the collector asks for it, and lost after that")
  func failures() async throws {
    let patient = Collector()
    let retried = try await export(to: patient, answering: [.serviceUnavailable], requests: 1)
    #expect(retried.exportedSpans == 2)
    let refusing = Collector()
    let lost = try await export(to: refusing, answering: [.badRequest, .badRequest], requests: 1)
    #expect(lost.lostSpans == 2)
    #expect(refusing.bodies.withLock(\.self).isEmpty)
  }
}
