// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Hummingbird
import HummingbirdModule
import Logging
import NIOCore
import NIOHTTP1
import ProxyDataPlane
import RoutingDecisions
import ServiceLifecycle
import Testing

@Suite("Hummingbird inside the proxy", .timeLimit(.minutes(1)))
struct HummingbirdModuleTests {
  private static func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/hello/{name}") { _, context in
      "hello \(try context.parameters.require("name"))"
    }
    router.post("/size") { request, _ in
      var size = 0
      for try await piece in request.body { size += piece.readableBytes }
      return "\(size)"
    }
    router.get("/stream") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          for index in 0..<3 { try await writer.write(ByteBuffer(string: "\(index);")) }
          try await writer.finish(nil)
        })
    }
    router.get("/broken") { _, _ -> String in throw CancellationError() }
    router.get("/forbidden") { _, _ -> String in throw HTTPError(.forbidden, message: "no") }
    return router
  }

  private static func run(_ body: (String) async throws -> Void) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let configuration = ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0),
      upstreams: [UpstreamConfiguration(name: "legacy", target: .module("app"))],
      routes: [
        RouteConfiguration(
          name: "all", match: RouteMatch(path: try PathTemplate(parsing: "/**")), legacy: "legacy")
      ])
    let proxy = try ProxyServer(
      configuration: configuration,
      modules: ["app": HummingbirdModule(router().buildResponder(), logger: logger)],
      logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let services = ServiceGroup(services: [proxy], logger: logger)
      group.addTask { try await services.run() }
      try await body("http://127.0.0.1:\(proxy.boundAddress().port)")
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
    }
  }

  private static func text(_ response: HTTPClientResponse) async throws -> String {
    String(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  @Test("Routes, streaming bodies both ways and errors are those of the application")
  func application() async throws {
    try await Self.run { base in
      let client = HTTPClient.shared
      let hello = try await client.get(url: base + "/hello/ada").get()
      #expect(hello.status.code == 200)
      #expect(hello.body.map { String(buffer: $0) } == "hello ada")

      var upload = HTTPClientRequest(url: base + "/size")
      upload.method = .POST
      upload.body = .bytes(ByteBuffer(repeating: 1, count: 3 << 20))
      let size = try await client.execute(upload, timeout: .seconds(30))
      #expect(try await Self.text(size) == "\(3 << 20)")

      let stream = try await client.get(url: base + "/stream").get()
      #expect(stream.body.map { String(buffer: $0) } == "0;1;2;")
      #expect(try await client.get(url: base + "/broken").get().status.code == 500)
      #expect(try await client.get(url: base + "/forbidden").get().status.code == 403)
      #expect(try await client.get(url: base + "/nothing").get().status.code == 404)
    }
  }
}
