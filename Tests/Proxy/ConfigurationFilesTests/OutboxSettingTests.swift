// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

/// What a file tells the relay of an outbox.
@Suite struct OutboxSettingTests {
  private func read(
    _ text: String
  ) throws -> (settings: OutboxSettings?, diagnostics: [Diagnostic]) {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("outbox-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try text.write(to: file, atomically: true, encoding: .utf8)
    return ConfigurationFile.outbox(file.path)
  }

  @Test func `a database and an address are enough`() throws {
    let (settings, diagnostics) = try read(
      "outbox: { database: shop.sqlite, publish: { url: http://127.0.0.1:9/events } }")
    #expect(diagnostics.isEmpty)
    var expected = OutboxSettings(database: "shop.sqlite")
    expected.target = OutboxSettings.Target(url: "http://127.0.0.1:9/events")
    #expect(settings == expected)
  }

  @Test func `everything can be set`() throws {
    let (settings, diagnostics) = try read(
      """
      outbox:
        database: postgresql://shop@db/shop
        relay: second
        publish: { url: https://orders/events, token-env: TOKEN, source: /shop }
        batch: 10
        concurrency: 2
        attempts: 5
        lease: 2s
        timeout: 500ms
      """)
    #expect(diagnostics.isEmpty)
    var expected = OutboxSettings(database: "postgresql://shop@db/shop")
    expected.relay = "second"
    expected.target = OutboxSettings.Target(
      url: "https://orders/events", tokenEnvironmentVariable: "TOKEN", source: "/shop")
    expected.batch = 10
    expected.concurrency = 2
    expected.attempts = 5
    expected.lease = .seconds(2)
    expected.timeout = .milliseconds(500)
    #expect(settings == expected)
  }

  @Test(arguments: [
    ("a: b", "missing; expected { database, publish }"),
    ("outbox: [a]", "expected { database, publish }, found a list"),
    ("outbox: { publish: { url: http://a } }", "missing; expected a text that is not empty"),
    ("outbox: { database: a, publish: { url: nats://a } }", "expected an address such as"),
    ("outbox: { database: a, publish: {} }", "missing; expected an address such as"),
    ("outbox: { database: a, batch: 0 }", "expected 1 to 10000, found 0"),
    ("outbox: { database: a, lease: 10ms }", "expected 100ms to 1h"),
    ("outbox: { database: a, publsh: {} }", "unknown key; did you mean \"publish\"?"),
  ])
  func `slips are told of with their place`(text: String, message: String) throws {
    let (_, diagnostics) = try read(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
    #expect(diagnostics.first?.location != nil)
  }

  @Test func `a proxy's file may hold it`() throws {
    let proxy = """
      upstreams: { legacy: { endpoints: [127.0.0.1:9001] } }
      routes: [ { name: all, match: { path: /** }, legacy: legacy } ]
      outbox: { database: a, batch: none }
      """
    let decoded = ConfigurationFile.decode(proxy, file: "s.yaml")
    #expect(decoded.diagnostics.map(\.key) == ["outbox.batch"])
  }
}
