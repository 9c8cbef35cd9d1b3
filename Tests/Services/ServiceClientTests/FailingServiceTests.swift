// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("A service that fails", .timeLimit(.minutes(1)))
struct FailingServiceTests {
  @Test("What cannot be answered now is asked again, three times in all")
  func unavailable() async throws {
    let asked = Counter()
    let service = try await ServiceUnderTest { router in
      router.get("/twice") { _, _ in
        asked.add() < 3 ? Response.text(.serviceUnavailable) : Response.text(.ok, "3")
      }
      router.get("/never") { _, _ in Response.text(.badGateway, "down") }
    }
    try await withClient([service.endpoint]) { client in
      let answer = try await client.get("/twice", as: Int.self)
      #expect(answer == 3)
      let error = await failure { () throws(ServiceCallError) in
        try await client.get("/never", as: Int.self)
      }
      #expect(error?.source == .status(502))
      #expect(error?.attempts == 3)
      #expect(error?.retry == .safe(after: .zero))
      #expect(error?.answer?.body == Array("down".utf8))
      #expect(error?.endpoint == service.endpoint)
    }
    await service.stop()
  }

  @Test("A POST is asked again only under a key, and under the same one")
  func keys() async throws {
    let keys = Recorder<[String]>([])
    let service = try await ServiceUnderTest { router in
      router.post("/orders") { request, _ in
        let key = request.headers[HTTPField.Name("Idempotency-Key")!] ?? "none"
        let count = keys.change { seen in
          seen.append(key)
          return seen.count
        }
        return Response.text(count == 2 ? .created : .serviceUnavailable)
      }
    }
    try await withClient([service.endpoint]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.post("/orders", json: [1])
      }
      #expect(error?.source == .status(503))
      #expect(error?.retry == .unsafe)
      #expect(keys.value == ["none"])
      keys.change { $0 = [] }
      try await client.post("/orders", json: [1], idempotencyKey: "order-17")
      #expect(keys.value == ["order-17", "order-17"])
    }
    await service.stop()
  }

  @Test("An answer that says what is wrong with the request is final")
  func refusal() async throws {
    let asked = Counter()
    let service = try await ServiceUnderTest { router in
      router.get("/orders/1") { _, _ in
        asked.add()
        return Response.text(.notFound, "no order 1")
      }
    }
    try await withClient([service.endpoint]) { client in
      let answer = try await client.send(ServiceRequest(.get, "/orders/1"))
      #expect(answer.status == .notFound)
      let error = await failure { () throws(ServiceCallError) in
        try await client.get("/orders/1", as: Int.self)
      }
      #expect(error?.source == .status(404))
      #expect(error?.retry == .pointless)
      #expect(error.map { "\($0)" } == "orders: answered 404 at \(service.endpoint)")
    }
    #expect(asked.count == 2)
    await service.stop()
  }

  @Test("A connection that is reset is tried again where that does no harm")
  func reset() async throws {
    let listener = try await BareListener(.resets)
    try await withClient([listener.endpoint]) { client in
      let get = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(get?.source == .connectionLost)
      #expect(get?.attempts == 3)
      #expect(get?.retry == .safe(after: .zero))
      #expect(listener.requests == 3)
      let post = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.post, "/"))
      }
      #expect(post?.source == .connectionLost)
      #expect(post?.attempts == 1)
      #expect(post?.retry == .unsafe)
      #expect(listener.requests == 4)
    }
  }

  @Test("An answer that is cut short is none")
  func cutShort() async throws {
    let listener = try await BareListener(.writes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12"))
    try await withClient([listener.endpoint]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.get("/", as: Int.self)
      }
      #expect(error?.source == .connectionLost)
      #expect(error?.attempts == 3)
    }
  }

  @Test("Where nobody listens nothing was sent, so a POST is tried again too")
  func refused() async throws {
    let listener = try await BareListener(.isSilent)
    try await listener.stop()
    try await withClient([listener.endpoint]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.post("/", json: 1)
      }
      #expect(error?.source == .connect)
      #expect(error?.attempts == 3)
      #expect(error?.retry == .safe(after: .zero))
    }
  }

  @Test("A connection that does not come about in time is given up, and nothing was sent")
  func connectTimeout() async throws {
    let listener = try await BareListener.full()
    var policy = ServiceCallPolicy.eager
    policy.connect = .milliseconds(50)
    try await withClient([listener.endpoint], policy) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.post, "/"))
      }
      #expect(error?.source == .connectTimeout)
      #expect(error?.attempts == 3)
      #expect(error?.retry == .safe(after: .zero))
    }
  }

  @Test("A name that nobody knows is no connection")
  func unknownName() async throws {
    let nowhere = ServiceEndpoint(host: "orders.invalid", port: 80)
    try await withClient([nowhere]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.post, "/"))
      }
      // Where no resolver answers it is the time that is up.
      #expect([.connect, .connectTimeout].contains(error?.source))
      #expect(error?.retry == .safe(after: .zero))
    }
  }

  @Test("Without endpoints nothing is tried")
  func noEndpoint() async throws {
    try await withClient([]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(error?.source == .noEndpoint)
      #expect(error?.attempts == 0)
    }
  }

  @Test(
    "An answer longer than is taken is an error, with a length or without",
    arguments: [true, false])
  func tooLong(tellsLength: Bool) async throws {
    let body = String(repeating: "x", count: 101)
    let length = tellsLength ? "content-length: 101\r\n" : ""
    let listener = try await BareListener(.writes("HTTP/1.1 200 OK\r\n\(length)\r\n\(body)"))
    var policy = ServiceCallPolicy.eager
    policy.answerBytes = 100
    try await withClient([listener.endpoint], policy) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.send(ServiceRequest(.get, "/"))
      }
      #expect(error?.source == .answerTooLong)
      #expect(error?.attempts == 1)
      #expect(error?.retry == .pointless)
    }
    policy.answerBytes = 101
    try await withClient([listener.endpoint], policy) { client in
      let answer = try await client.send(ServiceRequest(.get, "/"))
      #expect(answer.body.count == 101)
    }
  }

  @Test("An answer that is something else than asked for says so")
  func decoding() async throws {
    let service = try await ServiceUnderTest { router in
      router.get("/orders/1") { _, _ in Response.text(.ok, "[]") }
    }
    try await withClient([service.endpoint]) { client in
      let error = await failure { () throws(ServiceCallError) in
        try await client.get("/orders/1", as: Int.self)
      }
      #expect(error?.source == .decoding)
      #expect(error?.retry == .pointless)
      #expect(error?.answer?.body == Array("[]".utf8))
      let sending = await failure { () throws(ServiceCallError) in
        try await client.post("/orders", json: Double.nan)
      }
      #expect(sending?.source == .request)
      #expect(sending?.attempts == 0)
    }
    await service.stop()
  }
}
