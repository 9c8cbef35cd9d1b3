// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import ServerPrograms
import ServiceCalls
import ServiceClient
import ServiceLifecycle
import ServiceTracing
import Synchronization
import Testing
import TraceCollecting

@testable import LibraryExamples

@Suite("Worked examples of services", .timeLimit(.minutes(1)))
struct ServiceExampleTests {
  private static let timeLeft = HTTPField.Name(CallContext.timeoutField)!

  @Test func `what failed is tried again under its key, and sold out is an answer`() async throws {
    let seen = Mutex<[String]>([])
    let router = Router()
    router.post("/reservations") { request, context -> HTTPResponse.Status in
      let key = request.headers[HTTPField.Name("idempotency-key")!] ?? ""
      let wanted = try await request.decode(as: Stock.Reservation.self, context: context)
      let attempts = seen.withLock { seen in
        seen.append("\(key) \(wanted.article)")
        return seen.count
      }
      if attempts == 1 { return .serviceUnavailable }
      return wanted.article == "rare" ? .conflict : .created
    }
    try await Application(router: router, logger: .silent).test(.live) { client in
      let port = try #require(client.port)
      let stock = Stock(
        endpoints: [ServiceEndpoint(host: "localhost", port: port)], logger: .silent)
      #expect(try await stock.reserve("common", for: "1"))
      #expect(try await !stock.reserve("rare", for: "2"))
      await stock.close()
    }
    #expect(
      seen.withLock { $0 } == ["order-1 common", "order-1 common", "order-2 rare"])
  }

  @Test func `a service asks no longer than its caller waits`() async throws {
    let router = Router()
    // What is left of the time takes the place of a price.
    router.get("/prices/{id}") { request, _ -> String in
      request.headers[Self.timeLeft] ?? "-1"
    }
    try await Application(router: router, logger: .silent).test(.live) { client in
      let endpoint = ServiceEndpoint(host: "localhost", port: try #require(client.port))
      let prices = ServiceClient(ServiceEntry("prices", endpoints: [endpoint]))
      let port = Int(try FreePorts.find(1)[0])
      let isThere = Atomic(true)
      let group = catalogue(
        port: port, prices: prices,
        database: { if !isThere.load(ordering: .relaxed) { throw CancellationError() } },
        logger: .silent)
      let base = "http://127.0.0.1:\(port)"
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        while try await Self.get(base + "/livez") == nil { try Task.checkCancellation() }
        #expect(try await Self.get(base + "/readyz") == "ready\n")
        let answer = try await Self.get(
          base + "/articles/7", headers: [(CallContext.timeoutField, "1500")])
        let left = try #require(answer?.split(separator: " ").last.flatMap { Int($0) })
        #expect((1...1_500).contains(left))
        isThere.store(false, ordering: .relaxed)
        #expect(try await Self.get(base + "/readyz") == "not ready: database\n")
        tasks.cancelAll()
      }
      await prices.close()
    }
  }

  /// Nil where nobody listens.
  private static func get(
    _ url: String, headers: [(String, String)] = []
  ) async throws -> String? {
    var request = HTTPClientRequest(url: url)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(10))
    else { return nil }
    return String(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  @Test func `a request and its work are spans at the collector`() async throws {
    let collector = try await TraceCollector.start()
    let service = try TracedService(
      environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": collector.base, "OTEL_SERVICE_NAME": "shelf"],
      logger: .silent)
    let tracer = service.tracer
    let application = Application(router: service.router, logger: .silent)
    try await running({ await tracer.run() }) {
      try await application.test(.router) { client in
        let count = try await client.execute(uri: "/stock/pens", method: .get) { response in
          String(buffer: response.body)
        }
        #expect(count == "4")
      }
    }
    await collector.stop()
    let spans = collector.spans
    let request = try #require(spans.first { $0.name == "GET /stock/{article}" })
    let work = try #require(spans.first { $0.name == "count pieces" })
    #expect(spans.count == 2 && Set(spans.map(\.service)) == ["shelf"])
    #expect(work.parent == request.id && work.attributes["article"] == "pens")
  }
}
