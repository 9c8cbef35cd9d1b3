// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

@Suite struct ConfigurationFileTests {
  private func withFile(_ contents: Data, _ body: (String) -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("strangler-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("strangler.yaml")
    try contents.write(to: file)
    body(file.path)
  }

  private func firstError(_ text: String) -> String? {
    ConfigurationFile.decode(text, file: "s.yaml").diagnostics.first?.description
  }

  @Test("Where orders are taken is known though something else is wrong, and not when that is")
  func adminOfABrokenFile() {
    func decode(_ admin: String, _ routes: String) -> DecodedConfiguration {
      ConfigurationFile.decode(
        """
        proxy: { listen: 127.0.0.1:1, admin: \(admin) }
        upstreams: { legacy: { endpoints: [127.0.0.1:2] } }
        routes: [ \(routes) ]

        """, file: "s.yaml")
    }
    let unknown = decode("127.0.0.1:9901", "{ name: a, match: { path: /a }, legacy: nobody }")
    #expect(unknown.configuration == nil && unknown.admin?.listen.port == 9_901)
    let wrong = decode("nowhere", "{ name: a, match: { path: /a }, legacy: legacy }")
    #expect(wrong.configuration == nil && wrong.admin == nil)
    #expect(ConfigurationFile.decode("routes: [", file: "s.yaml").admin == nil)
  }

  @Test func aTransportThatThePlatformLacksIsRefused() {
    var configuration = ProxyConfiguration(upstreams: [], routes: [])
    configuration.transport = .epoll
    let found = configuration.diagnostics(transports: [.nio]).filter { $0.key == "proxy.transport" }
    #expect(
      found.map(\.description) == [
        "error: proxy.transport: epoll is not available on this platform; use nio, or leave the key "
          + "out"
      ])
    let without = configuration.diagnostics(transports: [.epoll, .nio])
    #expect(!without.contains { $0.key == "proxy.transport" })
  }

  private static let everySetting = """
    proxy:
      listen: "[::1]:8081"
      admin: 10.0.0.1:9901
      admin-token-env: STRANGLER_TOKEN
      workers: 4
      transport: nio
      trusted: [10.0.0.0/8, "::1"]
      internal-headers: [X-User-Role]
      timeouts: { connect: 250ms, request-head: 5s, response-head: 1m, idle: 2m, total: 1h,
                  keep-alive: 3s, upstream-keep-alive: 4s, drain: 6s, tunnel: 7s }
      limits: { request-line: 4KiB, field: 8KiB, head: 32KiB, fields: 50, request-body: 1MiB,
                body-rate: 9B, client-connections: 5, upstream-connections: 6, upstream-queue: 7,
                upstream-streams: 15,
                memory: 64MiB,
                http2: { concurrent-streams: 8, header-block: 9KiB, header-list: 10KiB,
                         stream-window: 100KiB, connection-window: 200KiB, resets: 11,
                         resets-per-second: 12, refusals: 13, refusals-per-second: 14,
                         waiting-answers: 300KiB } }
    upstreams:
      legacy: { module: shop }
      orders: { endpoints: [10.0.0.2:80, "[2001:db8::1]:81"] }
    routes:
      - name: orders
        match:
          host: "*.shop.example"
          path: "/orders/{id}/**"
          methods: [GET, POST]
          headers: { x-beta: "1", x-old: { present: false } }
          query: { page: { present: true } }
        legacy: legacy
        extracted: orders
        percent: 12.5
        sticky: [ { header: x-user-id }, { cookie: session }, client-address ]
        group: checkout
        fallback: off
        upgrades: [websocket, x-own]
      - { name: rest, match: { path: /** }, legacy: legacy }
    """

  @Test func everySettingIsRead() throws {
    let decoded = ConfigurationFile.decode(Self.everySetting, file: "s.yaml")
    #expect(decoded.diagnostics == [])
    let configuration = try #require(decoded.configuration)
    #expect(configuration.listen == NetworkAddress(host: "::1", port: 8081))
    #expect(
      configuration.admin
        == AdminConfiguration(
          listen: NetworkAddress(host: "10.0.0.1", port: 9901),
          tokenEnvironmentVariable: "STRANGLER_TOKEN"))
    #expect(configuration.workers == 4)
    #expect(configuration.transport == .nio)
    #expect(configuration.trusted.map(\.description) == ["10.0.0.0/8", "::1"])
    #expect(configuration.internalHeaders == ["X-User-Role"])
    #expect(
      configuration.timeouts
        == ProxyTimeouts(
          connect: .milliseconds(250), requestHead: .seconds(5), responseHead: .seconds(60),
          idle: .seconds(120), tunnel: .seconds(7), keepAlive: .seconds(3),
          upstreamKeepAlive: .seconds(4), total: .seconds(3600), drain: .seconds(6)))
    #expect(
      configuration.limits
        == ProxyLimits(
          requestLine: 4096, field: 8192, head: 32768, fields: 50, requestBody: 1 << 20,
          bodyRate: 9,
          clientConnections: 5, upstreamConnections: 6, upstreamStreams: 15, upstreamQueue: 7,
          memory: 64 << 20,
          http2: HTTP2ClientLimits(
            concurrentStreams: 8, headerBlock: 9 << 10, headerList: 10 << 10,
            streamWindow: 100 << 10, connectionWindow: 200 << 10, resets: 11, resetsPerSecond: 12,
            refusals: 13, refusalsPerSecond: 14, waitingAnswers: 300 << 10)))
    #expect(
      configuration.upstreams.map(\.summary) == [
        "legacy (module shop)", "orders (10.0.0.2:80, [2001:db8::1]:81)",
      ])
    let route = try #require(configuration.routes.first)
    #expect(
      route.match.summary
        == "GET,POST /orders/{id}/** host=*.shop.example header x-beta=1 header x-old absent "
        + "query page present")
    #expect(route.percent.hundredths == 1250)
    #expect(route.sticky == [.header("x-user-id"), .cookie("session"), .clientAddress])
    #expect(route.group == "checkout")
    #expect(route.fallback == .off)
    #expect(route.upgrades == ["websocket", "x-own"])
    #expect(configuration.routes.last?.upgrades == ["websocket"])
  }

  @Test func theFixtureIsValid() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs/strangler.yaml").standardized.path
    let decoded = ConfigurationFile.load(file)
    #expect(decoded.diagnostics == [])
    #expect(
      ValidationReport(decoded, file: file).text.hasSuffix(
        "strangler.yaml is valid: 2 routes, 2 upstreams, 0 warnings\n"))
  }

  @Test func aMissingFileSaysSo() {
    let decoded = ConfigurationFile.load("no/such/strangler.yaml")
    #expect(
      decoded.diagnostics.map(\.description) == [
        "error: there is no file no/such/strangler.yaml; name one with --config"
      ])
  }

  @Test func aFolderOrATooLargeFileOrAnotherEncodingIsRefused() throws {
    let folder = FileManager.default.temporaryDirectory.path
    #expect(ConfigurationFile.load(folder).configuration == nil)
    try withFile(Data(repeating: 0x23, count: ConfigurationFile.maximumSize + 1)) { path in
      #expect(
        ConfigurationFile.load(path).diagnostics.first?.message
          == "\(path) is larger than 1024 KiB; is it a configuration file?")
    }
    try withFile(Data([0x61, 0xff])) { path in
      #expect(
        ConfigurationFile.load(path).diagnostics.first?.message == "\(path) is not UTF-8 text")
    }
  }

  @Test(arguments: [
    (
      "proxy: [",
      """
      s.yaml:2:1: error: not valid YAML: did not find expected node content while parsing \
      a flow node
      """
    ),
    (
      "a: b: c", "s.yaml:1:5: error: not valid YAML: mapping values are not allowed in this context"
    ),
    ("a: *b", "s.yaml:1:4: error: not valid YAML: found undefined alias"),
    (
      "a: 1\n\ta: 2",
      """
      s.yaml:2:1: error: not valid YAML: found a tab character that violates indentation \
      while scanning a plain scalar
      """
    ),
    ("a: 1\n---\nb: 1", "s.yaml:2:1: error: not valid YAML: but found another document"),
    ("? [a]\n: 1", "s.yaml:1:3: error: expected a text as key"),
  ])
  func syntaxErrorsAreDiagnostics(text: String, expected: String) {
    #expect(firstError(text) == expected)
  }

  @Test func anchorsMayBeUsed() {
    let text = """
      upstreams: { legacy: { module: shop }, orders: { module: orders } }
      routes:
        - { name: a, match: { path: /a }, legacy: legacy, extracted: orders,
            sticky: &who [ { header: u } ] }
        - { name: b, match: { path: /** }, legacy: legacy, extracted: orders, sticky: *who }
      """
    let configuration = ConfigurationFile.decode(text, file: "s.yaml").configuration
    #expect(configuration?.routes.map(\.sticky) == [[.header("u")], [.header("u")]])
  }

  @Test func anAliasBombIsBounded() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let alias = "*a\(level - 1)"
      let items = Array(repeating: alias, count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(items)]\n"
    }
    #expect(
      firstError(text)?.hasSuffix("more than 200000 values once aliases are followed") == true)
  }

  @Test func nestingIsBounded() {
    let text = "a: " + String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    #expect(firstError(text)?.hasSuffix("nested deeper than 64 levels") == true)
  }
}
