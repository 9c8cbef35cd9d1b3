// SPDX-License-Identifier: Apache-2.0

import Testing

/// Mistakes in settings and upstreams, each with its exact place and words.
@Suite struct SettingDiagnosticTests {
  private static let settingMistakes: [(String, String)] = [
    (
      "proxy: { listen: nowhere }",
      """
      1:18: error: proxy.listen: expected an address such as 127.0.0.1:8080 or \
      [::1]:8080, found "nowhere"
      """
    ),
    (
      "proxy: { listen: \"127.0.0.1:70000\" }",
      """
      1:18: error: proxy.listen: expected an address such as 127.0.0.1:8080 or \
      [::1]:8080, found "127.0.0.1:70000"
      """
    ),
    (
      "proxy: { listen: \"127.0.0.1:9001\" }",
      """
      3:25: error: upstreams.legacy.endpoints[0]: the proxy itself listens on \
      127.0.0.1:9001: requests would go round in circles
      """
    ),
    (
      "proxy: { admin: \"0.0.0.0:9901\" }",
      """
      1:17: error: proxy.admin: 0.0.0.0:9901 can be reached from other machines: listen \
      on 127.0.0.1, or set admin-token-env to the name of an environment variable that \
      holds a token
      """
    ),
    (
      "proxy: { admin: \"127.0.0.1:8080\" }",
      "1:17: error: proxy.admin: the proxy itself listens on 127.0.0.1:8080; choose another port"
    ),
    (
      "proxy: { admin-token-env: T }",
      "1:27: error: proxy.admin-token-env: there is no \"admin\" address that it could guard"
    ),
    (
      "proxy: { limits: { http2: { concurrent-streams: 0 } } }",
      "1:49: error: proxy.limits.http2.concurrent-streams: expected 1 to 10000, found 0"
    ),
    (
      "proxy: { limits: { http2: { stream-window: 1KiB } } }",
      "1:44: error: proxy.limits.http2.stream-window: expected 65535 to 1073741824, found 1024"
    ),
    (
      "proxy: { limits: { http2: { stream-window: 2MiB } } }",
      """
      1:44: warning: proxy.limits.http2.stream-window: without effect beyond connection-window, \
      which holds for all streams together
      """
    ),
    (
      "proxy: { limits: { http2: { streams: 5 } } }",
      """
      1:29: error: proxy.limits.http2.streams: unknown key; expected one of header-block, \
      header-list, stream-window, connection-window, waiting-answers, concurrent-streams, \
      resets, resets-per-second, refusals, refusals-per-second
      """
    ),
    (
      "proxy: { workers: 4, limits: { memory: 3MiB } }",
      """
      1:40: error: proxy.limits.memory: each worker needs 1MiB: expected at least 4MiB, or 0B for \
      no limit
      """
    ),
    ("proxy: { workers: 0 }", "1:19: error: proxy.workers: expected 1 to 256, found 0"),
    (
      "proxy: { workers: two }",
      "1:19: error: proxy.workers: expected a whole number, found \"two\""
    ),
    (
      "proxy: { transport: uring }",
      "1:21: error: proxy.transport: expected one of epoll, nio, found \"uring\""
    ),
    (
      "proxy: { trusted: [10.0.0.1/8] }",
      """
      1:20: error: proxy.trusted[0]: expected an address such as 192.0.2.1, or a range such as \
      10.0.0.0/8 without bits behind its length, found "10.0.0.1/8"
      """
    ),
    (
      "proxy: { internal-headers: [Host] }",
      """
      1:29: error: proxy.internal-headers[0]: Host belongs to every request and cannot be internal
      """
    ),
    (
      "proxy: { timeouts: { connect: 2 } }",
      """
      1:31: error: proxy.timeouts.connect: expected a duration such as 250ms, 2s, 5m or \
      1h, found "2"
      """
    ),
    (
      "proxy: { timeouts: { idle: 0s } }",
      "1:28: error: proxy.timeouts.idle: expected a duration longer than 0"
    ),
    (
      "proxy: { timeouts: { idel: 1s } }",
      "1:22: error: proxy.timeouts.idel: unknown key; did you mean \"idle\"?"
    ),
    (
      "proxy: { timeouts: { total: never } }",
      """
      1:29: error: proxy.timeouts.total: expected a duration such as 250ms, 2s, 5m or 1h, \
      or off, found "never"
      """
    ),
    (
      "proxy: { limits: { head: 64KB } }",
      """
      1:26: error: proxy.limits.head: expected a size such as 512B, 64KiB, 8MiB or 1GiB, \
      found "64KB"
      """
    ),
    (
      "proxy: { limits: { head: 8KiB, field: 16KiB } }",
      "1:39: error: proxy.limits.field: one field may not be larger than the whole head"
    ),
    (
      "proxy: { limits: { request-line: 10B } }",
      "1:34: error: proxy.limits.request-line: expected 256 to 1048576, found 10"
    ),
    ("proxy: 5", "1:8: error: proxy: expected the proxy's settings, found \"5\""),
    (
      "proxies: {}",
      "1:1: error: proxies: unknown key; expected one of proxy, upstreams, routes, "
        + "cutovers, analysis, outbox, data"
    ),
  ]

  @Test(arguments: settingMistakes)
  func settingsOfTheProxy(line: String, expected: String) {
    #expect(MistakenFile.settings(line) == ["s.yaml:\(expected)"])
  }

  private static let oneTarget =
    "expected { endpoints: [host:port] }, { registry: service }, { module: name } or "
    + "{ compose: { parts } }"

  private static let upstreamMistakes: [(String, String)] = [
    ("{ endpoints: [] }", "2:24: error: upstreams.legacy.endpoints: expected at least one address"),
    (
      "{ endpoints: [\"h:0\"] }",
      "2:25: error: upstreams.legacy.endpoints[0]: expected a port from 1 to 65535, found 0"
    ),
    (
      "{ endpoints: [h] }",
      """
      2:25: error: upstreams.legacy.endpoints[0]: expected an address such as \
      127.0.0.1:8080 or [::1]:8080, found "h"
      """
    ),
    (
      "{ endpoints: [\"h:1\", \"h:1\"] }",
      "2:32: warning: upstreams.legacy.endpoints[1]: h:1 stands here twice"
    ),
    (
      "{ endpoints: [\"h:1\"], module: m }",
      "2:11: error: upstreams.legacy: \(oneTarget), found 2 of them"
    ),
    ("{}", "2:11: error: upstreams.legacy: \(oneTarget)"),
    ("[]", "2:11: error: upstreams.legacy: \(oneTarget), found a list"),
  ]

  @Test(arguments: upstreamMistakes)
  func upstream(value: String, expected: String) {
    let text = "upstreams:\n  legacy: \(value)\nroutes:\n\(MistakenFile.rest)\n"
    #expect(MistakenFile.diagnostics(text) == ["s.yaml:\(expected)"])
  }
}
