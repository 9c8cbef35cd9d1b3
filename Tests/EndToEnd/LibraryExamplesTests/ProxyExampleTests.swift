// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import ControlPlane
import Foundation
import Hummingbird
import HummingbirdModule
import HummingbirdTesting
import MessagingTestSupport
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@testable import LibraryExamples

@Suite("Worked examples of the proxy", .timeLimit(.minutes(1)))
struct ProxyExampleTests {
  private static func answering(_ text: String) -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/**") { _, _ in text }
    return router
  }

  private static func get(_ url: String) async throws -> String {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url), timeout: .seconds(10))
    return String(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  @Test func `a monolith keeps what is not taken out, and gets back what was`() async throws {
    try await Application(router: Self.answering("new"), logger: .silent).test(.live) { client in
      let proxy = try front(
        Self.answering("legacy"),
        orders: NetworkAddress(host: "localhost", port: try #require(client.port)), share: .full,
        listen: NetworkAddress(host: "127.0.0.1", port: 0), logger: .silent)
      try await running({ try await proxy.run() }) {
        let base = "http://127.0.0.1:\(try await proxy.boundAddress().port)"
        #expect(try await Self.get(base + "/orders/1") == "new")
        #expect(try await Self.get(base + "/carts/1") == "legacy")
        try proxy.routing.setPercent(
          route: "orders", to: .zero, actor: "test", reason: "to see", unixMilliseconds: 0)
        #expect(try await Self.get(base + "/orders/1") == "legacy")
      }
    }
  }

  private static let configuration = """
    proxy: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", workers: 1 }
    upstreams:
      legacy: { module: shop }
    routes:
      - { name: everything-else, match: { path: /** }, legacy: legacy }

    """

  @Test func `a configuration is read again, and one that cannot be used is not`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.path("strangler.yaml")
    try Self.configuration.write(toFile: file, atomically: true, encoding: .utf8)
    let shop = HummingbirdModule(Self.answering("legacy").buildResponder(), logger: .silent)
    let front = try frontProxy(file, modules: ["shop": shop], logger: .silent)
    try await running({ try await front.run() }) {
      let (proxy, admin) = try await front.addresses()
      #expect(try await Self.get("http://\(proxy)/orders/1") == "legacy")
      let routes = "http://\(try #require(admin))/routes"
      #expect(try await !Self.get(routes).contains("orders"))

      let route = "  - { name: orders, match: { path: /orders/** }, legacy: legacy }\n"
      try (Self.configuration + route).write(toFile: file, atomically: true, encoding: .utf8)
      let reloader = try #require(front.reloader)
      let taken = await reloader.reload(cause: "test")
      #expect(throws: Never.self) { try taken.result.get() }
      #expect(try await Self.get(routes).contains("orders"))

      try "proxy: 7".write(toFile: file, atomically: true, encoding: .utf8)
      let refused = await reloader.reload(cause: "test")
      #expect(throws: ConfigurationReloader.Refusal.self) { try refused.result.get() }
      #expect(try await Self.get(routes).contains("orders"))
    }
  }
}
