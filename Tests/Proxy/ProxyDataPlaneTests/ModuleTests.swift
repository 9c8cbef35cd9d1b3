// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("In-process modules", .everyTransport, .timeLimit(.minutes(1)))
struct ModuleTests {
  typealias Answer =
    @Sendable (HTTPRequest, ModuleRequestBody, ModuleResponseWriter) async throws -> Void

  struct Module: InProcessModule {
    let answer: Answer

    func respond(
      to request: HTTPRequest, body: ModuleRequestBody, response: ModuleResponseWriter
    ) async throws {
      try await answer(request, body, response)
    }
  }

  private static func run(
    _ answer: @escaping Answer, _ body: (RunningProxy) async throws -> Void
  ) async throws {
    var configuration = try ProxyConfiguration.all(to: 1)
    configuration.upstreams[0].target = .module("shop")
    try await RunningProxy.run(configuration, modules: ["shop": Module(answer: answer)], body)
  }

  private static let echo: Answer = { request, body, response in
    var head = HTTPResponse(status: .ok)
    head.headerFields[.init("x-path")!] = request.path
    head.headerFields[.init("x-for")!] = request.headerFields[.init("x-forwarded-for")!]
    head.headerFields[.contentLength] = request.headerFields[.contentLength]
    try await response.send(head)
    for try await piece in body { try await response.write(piece) }
  }

  @Test(
    "A module answers requests one after the other on one connection, with length and in chunks")
  func echoes() async throws {
    try await Self.run(Self.echo) { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        let response = try #require(try await client.message())
        #expect(response.text == "hello")
        #expect(response.value("x-path") == "/a?b")
        #expect(response.value("x-for") == "127.0.0.1")
        #expect(response.value("content-length") == "5")
        try await client.send(
          "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        let chunked = try #require(try await client.message())
        #expect(chunked.text == "abcde")
        #expect(chunked.value("transfer-encoding") == "chunked")
        try await client.send(
          "HEAD /c HTTP/1.1\r\nHost: a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.message(isAnswerToHead: true)?.value("x-path") == "/c")
        #expect(try await client.message()?.value("x-path") == "/d")
      }
    }
  }

  @Test("32 MiB stream through a module both ways at once, which buffers nothing")
  func streams() async throws {
    let piece = ByteBuffer(repeating: 9, count: 1 << 20)
    try await Self.run(Self.echo) { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(32 << 20)\r\n\r\n")
        let sender = client.sender
        async let sending: Void = { for _ in 0..<32 { try await sender.send(piece) } }()
        let response = try #require(try await client.message())
        try await sending
        #expect(response.body.readableBytes == 32 << 20)
      }
    }
  }

  @Test("A client that waits for permission gets it when the module reads")
  func expectContinue() async throws {
    try await Self.run { _, body, response in
      var size = 0
      for try await piece in body { size += piece.readableBytes }
      try await response.send(HTTPResponse(status: .ok))
      try await response.write(ByteBuffer(string: "\(size)"))
    } _: { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.message()?.status == 100)
        try await client.send("abcd")
        #expect(try await client.message()?.text == "4")
      }
    }
  }

  @Test("A throw before the head is 502; the connection and the module live on")
  func throwsBeforeHead() async throws {
    try await Self.run { request, _, response in
      if request.path == "/bad" { throw WireError(description: "no") }
      try await response.send(HTTPResponse(status: .noContent))
    } _: { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        let response = try #require(try await client.message())
        #expect(response.status == 502)
        #expect(response.text.contains("module-failed"))
        try await client.send("GET /good HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.message()?.status == 204)
      }
    }
  }

  @Test("A throw after the head cuts the connection")
  func throwsAfterHead() async throws {
    try await Self.run { _, _, response in
      try await response.send(HTTPResponse(status: .ok))
      try await response.write(ByteBuffer(string: "part"))
      throw WireError(description: "no")
    } _: { proxy in
      await #expect(throws: WireError.self) {
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          _ = try await client.message()
        }
      }
    }
  }

  @Test("A client that leaves cancels the module's task")
  func cancels() async throws {
    let (cancelled, cancel) = AsyncStream.makeStream(of: Void.self)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    try await Self.run { _, _, _ in
      await withTaskCancellationHandler {
        start.yield()
        for await _ in AsyncStream<Void>.makeStream().stream {}
      } onCancel: {
        cancel.yield()
      }
    } _: { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in started { break }
        try await client.reset()
      }
      for await _ in cancelled { break }
      #expect(proxy.server.counters.snapshot().clientsOpen == 0)
    }
  }

  @Test("A module that is not linked is named before anything starts")
  func unknownModule() throws {
    var configuration = try ProxyConfiguration.all(to: 1)
    configuration.upstreams[0].target = .module("shop")
    let error = #expect(throws: ProxyServerError.self) {
      try ProxyServer(configuration: configuration)
    }
    #expect(error?.code == .unknownModule)
    #expect(error?.message.contains("\"shop\"") == true)
  }
}
