// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import EventReceiver
import Foundation
import GRDB
import MessageStoreSQLite
import MessagingConformance
import NIOCore
import NIOHTTP1
import Testing
import TransactionalMessaging

/// What operations see of an outbox, live and for Prometheus, and the end of a relay.
@Suite("Looking at an outbox", .timeLimit(.minutes(1)))
struct OutboxLookingTests {
  private let scratch: Scratch
  private let database: DatabaseQueue
  private let file: String

  init() async throws {
    scratch = try Scratch()
    file = scratch.path + "/shop.sqlite"
    database = try DatabaseQueue(path: file)
    try SQLiteMessageTables.install(in: database)
  }

  private func append(_ events: [OutboxEvent]) async throws {
    try await database.write { db in
      for event in events { try SQLiteOutbox().append(event, in: db) }
    }
  }

  private func run(_ arguments: String..., expecting code: Int32 = 0) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["outbox"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  @Test func `tail shows what is there and follows what commits`() async throws {
    try await append(SampleEvents.events(4, aggregates: ["a", "b"]))
    let last = try await run("tail", "--database", file, "--last", "2", "--no-follow")
    #expect(
      last.output == """
        2023-11-14T22:13:20Z 3 order/b v2 order-changed {"number":3}
        2023-11-14T22:13:20Z 4 order/a v2 order-changed {"number":4}

        """)
    let tail = try Executable.strangler.start([
      "outbox", "tail", "--database", file, "--aggregate", "order/b", "--last", "1", "--format",
      "json",
    ])
    _ = try await tail.text(after: "\"sequence\":3")
    var binary = SampleEvents.event(5, aggregate: "b")
    binary.payload = [0xFF, 0]
    var lines = SampleEvents.event(6, aggregate: "b")
    lines.payload = Array("{\n\"text\": \"a\u{2028}b\"\r\n}".utf8)
    try await append([binary, SampleEvents.event(7, aggregate: "a"), lines])
    _ = try await tail.text(after: "\"sequence\":7")
    tail.signal(SIGINT)
    let output = await tail.outcome().output.split(separator: "\n")
    #expect(output.count == 3)
    #expect(output[0].hasSuffix(",\"type\":\"order-changed\",\"payload\":{\"number\":3}}"))
    #expect(output[1].contains("\"payloadBase64\":\"/wA=\""))
    #expect(output[2].hasSuffix(",\"payload\":{ \"text\": \"a\u{2028}b\" }}"))
    for line in output {
      #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
    }
    _ = try await run("tail", "--database", file, "--aggregate", "b", expecting: 2)
    _ = try await run("tail", "--database", scratch.path + "/none.sqlite", expecting: 2)
  }

  private func get(_ url: String) async throws -> String {
    let answer = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url), timeout: .seconds(20))
    #expect(answer.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"])
    return String(buffer: try await answer.body.collect(upTo: 1 << 20))
  }

  @Test func `a relay tells Prometheus what status says`() async throws {
    try await append(SampleEvents.events(6, aggregates: ["a", "b"]))
    let receiver = try await EventReceiver.start { received in
      EventReceiver.Answer(received.event.id == SampleEvents.id(4) ? 422 : 204)
    }
    let configuration = try scratch.write(
      """
      outbox:
        database: "\(file)"
        publish: { url: "\(receiver.url)" }
        attempts: 1
        metrics: 0
      """, to: "strangler.yaml")
    let relay = try Executable.strangler.start(["outbox", "relay", "--config", configuration])
    let address = try await relay.text(after: "metrics: http://127.0.0.1:")
    await receiver.hasAccepted(4)
    _ = try await relay.text(after: "could not be published")
    var text = ""
    // It is told once it is stored.
    while !text.contains("strangler_outbox_relay_dead{relay=\"default\"} 1\n") {
      text = try await get("http://127.0.0.1:\(address)")
    }
    for line in [
      "strangler_outbox_readable 1", "strangler_outbox_last_sequence 6",
      "strangler_outbox_warnings 0", "strangler_outbox_relay_unsent{relay=\"default\"} 0",
      "strangler_outbox_relay_oldest_unsent_seconds{relay=\"default\"} 0.0",
      "strangler_outbox_relay_epoch{relay=\"default\"} 1",
      "strangler_outbox_process_owns{relay=\"default\"} 1",
      "strangler_outbox_process_acknowledged_total{relay=\"default\"} 4",
      "strangler_outbox_process_rejected_total{relay=\"default\"} 1",
      "strangler_outbox_process_outage{relay=\"default\"} 0",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)\n\(text)")
    }
    #expect(text.contains("strangler_outbox_relay_owner{relay=\"default\",owner=\""))
    let second = try scratch.write(
      String(contentsOfFile: configuration, encoding: .utf8)
        .replacing("metrics: 0", with: "metrics: \(address.prefix { $0 != "/" })"),
      to: "second.yaml")
    let taken = try await run("relay", "--config", second, expecting: 2)
    #expect(taken.errors.contains("outbox.metrics: cannot listen on 127.0.0.1:"))

    // A relay that is there is not forgotten.
    let early = try await run(
      "forget", "default", "--config", configuration, "--reason", "gone", expecting: 1)
    #expect(early.errors.contains("runs relay default: stop it first"))
    relay.signal(SIGTERM)
    #expect(await relay.outcome().exitCode == 0)
    await receiver.stop()
    let status = try await run(
      "status", "--config", configuration, "--format", "prometheus", "--over", "0.1")
    #expect(status.output.contains("strangler_outbox_relay_owner{relay=\"default\",owner=\"\"} 0"))
    #expect(status.output.contains("strangler_outbox_relay_throughput{relay=\"default\"} 0.0"))
    let names = { (text: String) in
      Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") })
    }
    #expect(names(status.output).subtracting(names(text)).isEmpty)
    try await forget(configuration)
  }

  /// One aggregate is parked in the relay `default`, which nobody runs.
  private func forget(_ configuration: String) async throws {
    _ = try await run("forget", "other", "--config", configuration, "--dry-run", expecting: 1)
    let plan = try await run("forget", "default", "--config", configuration, "--dry-run")
    #expect(plan.output == "Would forget relay default; never sent: 1 parked aggregates.\n")
    let refused = try await run(
      "forget", "default", "--config", configuration, "--reason", "gone", expecting: 1)
    #expect(refused.errors.contains("give it up with --unsent"))
    let done = try await run(
      "forget", "default", "--config", configuration, "--reason", "gone", "--actor", "ada",
      "--unsent")
    #expect(done.output == "Forgot relay default; never sent: 1 parked aggregates.\n")
    let history = try await run("history", "--config", configuration)
    #expect(history.output.contains("ada: forget relay default at 6: gone"))
    let status = try await run("status", "--config", configuration)
    #expect(status.output.contains("no relay has been here"))
  }

  @Test func `a file that is no database is told of`() async throws {
    let other = try scratch.write(String(repeating: "no database ", count: 200), to: "other.txt")
    for command in ["init", "status", "verify", "bypass", "dead-letters"] {
      let outcome = try await run(command, "--database", other, expecting: 2)
      #expect(outcome.errors.contains("file is not a database"), "\(outcome.errors)")
    }
    #expect(try String(contentsOfFile: other, encoding: .utf8).hasPrefix("no database "))
  }
}
