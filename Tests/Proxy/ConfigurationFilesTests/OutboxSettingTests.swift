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
    expected.target = .http(OutboxSettings.HTTPTarget(url: "http://127.0.0.1:9/events"))
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
        metrics: 9902
        tracing: { collector: http://127.0.0.1:4318/v1/traces }
      """)
    #expect(diagnostics.isEmpty)
    var expected = OutboxSettings(database: "postgresql://shop@db/shop")
    expected.relay = "second"
    expected.target = .http(
      OutboxSettings.HTTPTarget(
        url: "https://orders/events", tokenEnvironmentVariable: "TOKEN", source: "/shop"))
    expected.batch = 10
    expected.concurrency = 2
    expected.attempts = 5
    expected.lease = .seconds(2)
    expected.timeout = .milliseconds(500)
    expected.metrics = NetworkAddress(host: "127.0.0.1", port: 9_902)
    expected.tracing = TracingConfiguration(
      collector: "http://127.0.0.1:4318/v1/traces", serviceName: "strangler-relay")
    #expect(settings == expected)
  }

  @Test(arguments: [
    ("a: b", "missing; expected { database, publish }"),
    ("outbox: [a]", "expected { database, publish }, found a list"),
    ("outbox: { publish: { url: http://a } }", "missing; expected a text that is not empty"),
    ("outbox: { database: a, publish: { url: nats://a } }", "expected an address such as"),
    ("outbox: { database: a, publish: {} }", "expected { url: https://orders.internal/events } or"),
    (
      "outbox: { database: a, publish: { url: http://a, nats: { servers: [nats://a:1], stream: S } } }",
      "found url and nats"
    ),
    (
      "outbox: { database: a, publish: { source: b, nats: { servers: [nats://a:1], stream: S } } }",
      "belongs to a url, and there is none"
    ),
    ("outbox: { database: a, batch: 0 }", "expected 1 to 10000, found 0"),
    ("outbox: { database: a, lease: 10ms }", "expected 100ms to 1h"),
    ("outbox: { database: a, metrics: all }", "expected a port, which only this machine reaches"),
    ("outbox: { database: a, tracing: { sample: 2 } }", "expected a share from 0 to 1"),
    ("outbox: { database: a, publsh: {} }", "unknown key; did you mean \"publish\"?"),
  ])
  func `slips are told of with their place`(text: String, message: String) throws {
    let (_, diagnostics) = try read(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
    #expect(diagnostics.first?.location != nil)
  }

  private func readNATS(
    _ text: String
  ) throws -> (target: OutboxSettings.NATSTarget?, diagnostics: [Diagnostic]) {
    let (settings, diagnostics) = try read(
      "outbox: { database: a, publish: { nats: { \(text) } } }")
    guard case .nats(let target) = settings?.target else { return (nil, diagnostics) }
    return (target, diagnostics)
  }

  @Test func `servers and a stream are enough for JetStream`() throws {
    let (target, diagnostics) = try readNATS("servers: [nats://127.0.0.1:4222], stream: SHOP")
    #expect(diagnostics.isEmpty)
    #expect(
      target == OutboxSettings.NATSTarget(servers: ["nats://127.0.0.1:4222"], stream: "SHOP"))
  }

  @Test func `everything about JetStream can be set`() throws {
    let (target, diagnostics) = try readNATS(
      """
      servers: [tls://a:4222, tls://b:4222], stream: SHOP, user: shop, password-file: p,
      tls: { ca: ca.pem }, subject-prefix: shop.events, cloud-events: /shop, duplicates: 5m,
      create: { max-age: off, max-bytes: 1GiB, replicas: 3 }
      """)
    #expect(diagnostics.isEmpty)
    var expected = OutboxSettings.NATSTarget(
      servers: ["tls://a:4222", "tls://b:4222"], stream: "SHOP")
    expected.credentials = .user("shop", password: .file("p"))
    expected.authorities = "ca.pem"
    expected.subjectPrefix = "shop.events"
    expected.cloudEventsSource = "/shop"
    expected.duplicates = .seconds(300)
    expected.creation = OutboxSettings.NATSTarget.Creation()
    expected.creation?.maxAge = nil
    expected.creation?.maxBytes = 1 << 30
    expected.creation?.replicas = 3
    #expect(target == expected)
    let file = try readNATS("servers: [nats://a:1], stream: S, credentials-file: shop.creds")
    #expect(file.target?.credentials == .file("shop.creds") && file.diagnostics.isEmpty)
    let environment = try readNATS("servers: [nats://a:1], stream: S, user: u, password-env: P")
    #expect(environment.target?.credentials == .user("u", password: .environment("P")))
  }

  @Test(arguments: [
    ("stream: S", "missing; expected a list of addresses such as [nats://127.0.0.1:4222]"),
    ("servers: [], stream: S", "expected a list of addresses such as"),
    ("servers: nats://a:1, stream: S", "expected a list of addresses such as"),
    ("servers: [nats://a], stream: S", "expected an address such as nats://127.0.0.1:4222"),
    ("servers: [nats://a:1]", "missing; expected the name of a stream"),
    ("servers: [nats://a:1], stream: a.b", "expected the name of a stream"),
    ("servers: [nats://a:1], stream: S, user: u", "expected password-env or password-file"),
    ("servers: [nats://a:1], stream: S, password-env: P", "the user whose password it is"),
    (
      "servers: [nats://a:1], stream: S, user: u, password-env: P, password-file: p",
      "expected password-env or password-file, found both"
    ),
    (
      "servers: [nats://a:1], stream: S, user: u, password-env: P, credentials-file: c",
      "expected credentials-file or user, found both"
    ),
    ("servers: [nats://a:1], stream: S, subject-prefix: a..b", "expected what subjects begin with"),
    ("servers: [nats://a:1], stream: S, duplicates: 48h", "expected 100ms to 24h"),
    ("servers: [nats://a:1], stream: S, create: { replicas: 7 }", "expected 1 to 5, found 7"),
    (
      "servers: [nats://a:1], stream: S, duplicates: 2h, create: { max-age: 1h }",
      "expected no more than create.max-age"
    ),
    ("servers: [nats://a:1], stream: S, tls: {}", "missing; expected a text"),
  ])
  func `slips about JetStream are told of`(text: String, message: String) throws {
    let (_, diagnostics) = try readNATS(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
  }

  private func readRabbitMQ(
    _ text: String
  ) throws -> (target: OutboxSettings.RabbitMQTarget?, diagnostics: [Diagnostic]) {
    let (settings, diagnostics) = try read(
      "outbox: { database: a, publish: { rabbitmq: { \(text) } } }")
    guard case .rabbitMQ(let target) = settings?.target else { return (nil, diagnostics) }
    return (target, diagnostics)
  }

  @Test func `everything about RabbitMQ can be set`() throws {
    let least = try readRabbitMQ("servers: [amqp://127.0.0.1:5672], exchange: shop")
    #expect(least.diagnostics.isEmpty)
    var expected = OutboxSettings.RabbitMQTarget(
      servers: ["amqp://127.0.0.1:5672"], exchange: "shop")
    #expect(least.target == expected)
    let all = try readRabbitMQ(
      """
      servers: [amqp://127.0.0.1:5672], exchange: shop, virtual-host: v, user: u, password-env: P,
      tls: { ca: ca.pem }, cloud-events: /shop, groups: { mail: [order, cart] },
      create: { max-bytes: 1GiB, replicas: 3 }
      """)
    #expect(all.diagnostics.isEmpty)
    expected.virtualHost = "v"
    expected.login = .init(user: "u", password: .environment("P"))
    expected.authorities = "ca.pem"
    expected.cloudEventsSource = "/shop"
    expected.groups = [.init("mail", aggregateTypes: ["order", "cart"])]
    expected.creation = .init()
    expected.creation?.maxBytes = 1 << 30
    expected.creation?.replicas = 3
    #expect(all.target == expected)
  }

  @Test(arguments: [
    ("exchange: s", "missing; expected a list of addresses such as [amqp://127.0.0.1:5672]"),
    ("servers: [amqp://a], exchange: s", "expected an address such as amqp://127.0.0.1:5672"),
    ("servers: [\"amqp://u:p@a:1\"], exchange: s", "give user with password-env"),
    ("servers: [amqp://a:1]", "missing; expected a name of at most 120 characters"),
    ("servers: [amqp://a:1], exchange: amq.topic", "does not begin with amq."),
    ("servers: [amqp://a:1], exchange: s, user: u", "password-env or password-file beside user"),
    ("servers: [amqp://a:1], exchange: s, password-env: P", "the user whose password it is"),
    ("servers: [amqp://a:1], exchange: s, groups: { m: [a] }", "expected create beside it"),
    (
      "servers: [amqp://a:1], exchange: s, create: {}, groups: { m: [\"#\"] }",
      "expected an aggregate type"
    ),
    ("servers: [amqp://a:1], exchange: s, create: { replicas: 0 }", "expected 1 to 99, found 0"),
  ])
  func `slips about RabbitMQ are told of`(text: String, message: String) throws {
    let (_, diagnostics) = try readRabbitMQ(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
  }

  private func readKafka(
    _ text: String
  ) throws -> (target: OutboxSettings.KafkaTarget?, diagnostics: [Diagnostic]) {
    let (settings, diagnostics) = try read(
      "outbox: { database: a, publish: { kafka: { \(text) } } }")
    guard case .kafka(let target) = settings?.target else { return (nil, diagnostics) }
    return (target, diagnostics)
  }

  @Test func `everything about Kafka can be set`() throws {
    let least = try readKafka("servers: [plaintext://127.0.0.1:9092]")
    #expect(least.diagnostics.isEmpty)
    #expect(least.target == OutboxSettings.KafkaTarget(servers: ["plaintext://127.0.0.1:9092"]))
    let all = try readKafka(
      """
      servers: [ssl://a:9093, ssl://b:9093], user: u, password-env: P, mechanism: plain,
      tls: { ca: ca.pem }, cloud-events: /shop, largest-message: 900KiB
      """)
    #expect(all.diagnostics.isEmpty)
    var expected = OutboxSettings.KafkaTarget(servers: ["ssl://a:9093", "ssl://b:9093"])
    expected.login = .init(user: "u", password: .environment("P"))
    expected.mechanism = .plain
    expected.authorities = "ca.pem"
    expected.cloudEventsSource = "/shop"
    expected.largestMessage = 900 << 10
    #expect(all.target == expected)
  }

  @Test(arguments: [
    ("cloud-events: /a", "missing; expected a list of addresses such as [plaintext://127.0.0.1"),
    ("servers: [\"a:9092\"]", "expected an address such as plaintext://127.0.0.1:9092"),
    ("servers: [\"ssl://u:p@a:1\"]", "give user with password-env"),
    ("servers: [ssl://a:1, plaintext://a:2]", "expected plaintext:// or ssl://, found both"),
    ("servers: [plaintext://a:1], tls: { ca: a }", "expected addresses with ssl:// beside it"),
    ("servers: [ssl://a:1], user: u", "password-env or password-file beside user"),
    ("servers: [ssl://a:1], mechanism: plain", "belongs to a user, and there is none"),
    (
      "servers: [ssl://a:1], user: u, password-env: P, mechanism: md5",
      "expected plain, scram-sha-256, scram-sha-512"
    ),
    ("servers: [ssl://a:1], largest-message: 10B", "expected 1000 bytes to 1 GB, found 10"),
    ("servers: [ssl://a:1], topic: t", "unknown key"),
  ])
  func `slips about Kafka are told of`(text: String, message: String) throws {
    let (_, diagnostics) = try readKafka(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
  }

  @Test func `a password in an address is not repeated`() throws {
    let (_, diagnostics) = try readNATS("servers: [\"nats://u:s3cret@a:1\"], stream: S")
    #expect(diagnostics.map(\.message).joined().contains("an address holds credentials"))
    #expect(!diagnostics.map(\.description).joined().contains("s3cret"))
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
