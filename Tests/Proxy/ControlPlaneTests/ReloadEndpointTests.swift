// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyDataPlane
import RoutingDecisions
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReloadEndpointTests {
  /// What the file says at the moment.
  private final class File: Sendable {
    private let decoded: Mutex<DecodedConfiguration>

    init(_ configuration: ProxyConfiguration) {
      decoded = Mutex(DecodedConfiguration(configuration))
    }

    var contents: DecodedConfiguration { decoded.withLock(\.self) }
    func write(_ configuration: ProxyConfiguration) {
      decoded.withLock { $0 = DecodedConfiguration(configuration) }
    }
    func spoil(_ message: String) {
      let diagnostic = Diagnostic(.error, key: "routes", message: message)
      decoded.withLock { $0 = DecodedConfiguration(unreadable: [diagnostic]) }
    }
  }

  private func run(
    _ body: @escaping @Sendable (TestClientBox, File, LiveConfiguration) async throws -> Void
  ) async throws {
    var harness = try AdminHarness()
    let file = File(harness.routing.current.configuration)
    harness.source = { file.contents }
    let routing = harness.routing
    try await harness.run { client in
      try await body(
        TestClientBox(send: { try await client.send($0, $1) }, put: { try await client.put($0) }),
        file, { routing.current.configuration })
    }
  }

  private typealias LiveConfiguration = @Sendable () -> ProxyConfiguration

  private struct TestClientBox: Sendable {
    let send: @Sendable (HTTPRequest.Method, String) async throws -> Answer
    let put: @Sendable (String) async throws -> Answer
  }

  @Test func takesUpTheFileAndSaysWhatChanged() async throws {
    try await run { client, file, live in
      var next = live()
      next.routes[0].percent = .full
      file.write(next)
      let answer = try await client.send(.post, "/reload")
      #expect(answer.status == 200)
      #expect(answer.body.contains("moves 95 % of the users of /orders/** from legacy to orders"))
      #expect(live().routes[0].percent == .full)
      let shown = try await client.send(.get, "/config").body
      #expect(shown.contains(#""version" : 2"#))
      #expect(shown.contains("moves 95 %"))
      #expect(shown.contains("2026-11-23T12:00:00.250Z"))
      #expect(!shown.contains("lastRejected"))
      let history = try await client.send(.get, "/routes/orders").body
      #expect(history.contains(#""actor" : "configuration file""#))
    }
  }

  @Test func theLastGoodOneStaysAndBothAreReported() async throws {
    try await run { client, file, live in
      let before = live()
      file.spoil("no route is left")
      let answer = try await client.send(.post, "/reload")
      #expect(answer.status == 422)
      #expect(answer.headers[.contentType] == "application/problem+json")
      #expect(answer.body.contains("no route is left"))
      #expect(live() == before)
      let shown = try await client.send(.get, "/config").body
      #expect(shown.contains("lastRejected"))
      #expect(shown.contains("error: routes: no route is left"))
      let refused = try await client.send(.get, "/metrics").body
      #expect(refused.contains("strangler_config_last_reload_successful 0\n"))
      #expect(refused.contains(#"strangler_config_reloads_total{result="refused"} 1"#))
      #expect(refused.contains("strangler_config_last_reload_timestamp_seconds 1795435200.25\n"))
      file.write(before)
      _ = try await client.send(.post, "/reload")
      let applied = try await client.send(.get, "/metrics").body
      #expect(applied.contains("strangler_config_last_reload_successful 1\n"))
      #expect(shown.contains(#""version" : 1"#))
    }
  }

  @Test func whatNeedsANewProcessIsAConflict() async throws {
    try await run { client, file, live in
      var next = live()
      next.workers = 2
      file.write(next)
      let answer = try await client.send(.post, "/reload")
      #expect(answer.status == 409)
      #expect(answer.body.contains("proxy.workers"))
    }
  }

  @Test func aLivePercentageOutlivesAReloadThatDoesNotNameIt() async throws {
    try await run { client, file, live in
      _ = try await client.put(#"{"percent": 25, "reason": "ramp"}"#)
      var next = file.contents.configuration ?? live()
      next.timeouts.connect = .seconds(1)
      file.write(next)
      let kept = try await client.send(.post, "/reload")
      #expect(kept.body.contains("stays at 25 %, set live; the file says 5 % as before"))
      #expect(live().routes[0].percent.description == "25")
      next.routes[0].percent = .zero
      file.write(next)
      let replaced = try await client.send(.post, "/reload")
      #expect(replaced.body.contains("the file's value replaces the live one"))
      #expect(live().routes[0].percent == .zero)
    }
  }

  @Test func withoutAFileThereIsNothingToRead() async throws {
    try await AdminHarness().run { client in
      let reload = try await client.send(.post, "/reload")
      let wrongMethod = try await client.send(.get, "/reload")
      let shown = try await client.send(.get, "/config")
      #expect([reload, wrongMethod, shown].map(\.status) == [409, 405, 200])
    }
  }
}
