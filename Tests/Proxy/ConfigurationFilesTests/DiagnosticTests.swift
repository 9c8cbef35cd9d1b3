// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

/// Every mistake a file can hold, with its exact place and words.
@Suite struct DiagnosticTests {
  private static let upstreams = """
    upstreams:
      legacy: { endpoints: [127.0.0.1:9001] }
      orders: { endpoints: [127.0.0.1:9002] }
    """

  private static let rest = "  - { name: rest, match: { path: /** }, legacy: legacy }"

  private func diagnostics(_ text: String) -> [String] {
    ConfigurationFile.decode(text, file: "s.yaml").diagnostics.map(\.description)
  }

  /// A file whose fifth line is `line`, in the list of routes before one that takes the rest.
  private func route(_ line: String) -> [String] {
    diagnostics("\(Self.upstreams)\nroutes:\n  - \(line)\n\(Self.rest)\n")
  }

  /// A file whose first line is `line`, with sound upstreams and routes behind it.
  private func settings(_ line: String) -> [String] {
    let routes =
      "  - { name: orders, match: { path: /orders/** }, legacy: legacy, extracted: orders }"
    return diagnostics("\(line)\n\(Self.upstreams)\nroutes:\n\(routes)\n\(Self.rest)\n")
  }

  @Test(arguments: [
    (
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: orders, percent: abc }",
      [
        """
        s.yaml:5:81: error: routes[0].percent: expected a number from 0 to 100 in steps \
        of 0.01, found "abc"
        """
      ]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: orders, percent: 0.005 }",
      [
        """
        s.yaml:5:81: error: routes[0].percent: expected a number from 0 to 100 in steps \
        of 0.01, found "0.005"
        """
      ]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: legacy, percent: 5 }",
      [
        "s.yaml:3:11: warning: upstreams.orders: no route uses this upstream",
        "s.yaml:5:62: error: routes[0].percent: 5 % of what? The route has no extracted upstream",
      ]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: order }",
      [
        "s.yaml:3:11: warning: upstreams.orders: no route uses this upstream",
        """
        s.yaml:5:64: error: routes[0].extracted: there is no upstream "order"; did you \
        mean "orders"?
        """,
      ]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: orders, extracted: orders }",
      ["s.yaml:5:64: error: routes[0].extracted: \"orders\" is the route's legacy upstream too"]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: orders, percnt: 5 }",
      ["s.yaml:5:72: error: routes[0].percnt: unknown key; did you mean \"percent\"?"]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: orders, colour: blue }",
      [
        """
        s.yaml:5:53: error: routes[0].colour: unknown key; expected one of name, match, \
        legacy, extracted, percent, sticky, group, fallback
        """
      ]
    ),
    (
      "{ name: rest, match: { path: /a }, legacy: orders }",
      ["s.yaml:6:13: error: routes[1].name: routes[0] has the name \"rest\" already"]
    ),
    (
      "{ name: a, legacy: orders, legacy: orders, match: { path: /a } }",
      ["s.yaml:5:16: error: not valid YAML: the key \"legacy\" stands here twice"]
    ),
    (
      "{ match: { path: /a } }",
      [
        "s.yaml:3:11: warning: upstreams.orders: no route uses this upstream",
        """
        s.yaml:5:5: error: routes[0].name: missing; expected a name of 1 to 64 letters, \
        digits, "-", "_" and "."
        """,
        """
        s.yaml:5:5: error: routes[0].legacy: missing; expected a name of 1 to 64 letters, \
        digits, "-", "_" and "."
        """,
      ]
    ),
    (
      "just a text",
      [
        "s.yaml:3:11: warning: upstreams.orders: no route uses this upstream",
        """
        s.yaml:5:5: error: routes[0]: expected a route: { name, match: { path }, legacy, \
        ... }, found "just a text"
        """,
      ]
    ),
  ])
  func routes(line: String, expected: [String]) {
    #expect(route(line) == expected)
  }

  @Test(arguments: [
    ("orders", 34, "expected a path that starts with \"/\", found \"orders\""),
    (
      "/a/*/b", 34,
      """
      expected "{name}" for one whole segment or "/**" at the end, found "/a/*/b"
      """
    ),
    ("/a%2fb", 34, "\"%2F\" in a path is refused before routing, found \"/a%2fb\""),
    ("/a%5C", 34, "\"%5C\" in a path is refused before routing, found \"/a%5C\""),
    ("/a%2", 34, "\"%\" is not followed by two hexadecimal digits, found \"/a%2\""),
    ("/a//b", 34, "an empty segment (\"//\") is refused before routing, found \"/a//b\""),
    ("/a/../b", 34, "a dot segment is refused before routing, found \"/a/../b\""),
    ("/a/%2E%2e", 34, "a dot segment is refused before routing, found \"/a/%2E%2e\""),
    (
      "\"/a?b=1\"", 34,
      "\"?\" does not belong to a path; conditions go under \"query\", found \"/a?b=1\""
    ),
    (
      "\"/a/{}\"", 34,
      "expected letters, digits, \"-\" and \"_\" between the braces, found \"/a/{}\""
    ),
    (
      "/caf\u{e9}", 34,
      "a character has to be percent-encoded, found \"/caf\u{e9}\""
    ),
  ])
  func paths(path: String, column: Int, message: String) {
    let expected = "s.yaml:5:\(column): error: routes[0].match.path: \(message)"
    #expect(route("{ name: abcd, match: { path: \(path) }, legacy: orders }") == [expected])
  }

  @Test(arguments: [
    (
      "methods: [GET, get]",
      "5:50: error: routes[0].match.methods[1]: methods are case-sensitive: did you mean \"GET\"?"
    ),
    (
      "methods: [TRACE]", "5:45: error: routes[0].match.methods[0]: TRACE is refused before routing"
    ),
    (
      "methods: [\"G T\"]",
      "5:45: error: routes[0].match.methods[0]: expected a method such as GET, found \"G T\""
    ),
    ("methods: [GET, GET]", "5:50: warning: routes[0].match.methods[1]: GET stands here twice"),
    (
      "methods: []",
      """
      5:44: error: routes[0].match.methods: an empty list takes no request; leave the key \
      out to take any method
      """
    ),
    (
      "methods: GET",
      """
      5:44: error: routes[0].match.methods: expected a list of methods such as [GET, \
      POST], found "GET"
      """
    ),
    (
      "host: \"a b\"",
      """
      5:41: error: routes[0].match.host: expected a host without port, such as \
      shop.example or "*.shop.example", found "a b"
      """
    ),
    (
      "headers: { host: a }",
      """
      5:52: error: routes[0].match.headers.host: write the host as match.host, which \
      knows about ports and letter case
      """
    ),
    (
      "headers: { X-A: a, x-a: b }",
      "5:59: error: routes[0].match.headers.x-a: the field x-a stands here twice"
    ),
    (
      "headers: { \"x a\": a }",
      "5:53: error: routes[0].match.headers.x a: expected a header field's name, found \"x a\""
    ),
    (
      "query: { a: { present: maybe } }",
      "5:58: error: routes[0].match.query.a.present: expected true or false, found \"maybe\""
    ),
    (
      "query: { a: [b] }",
      """
      5:47: error: routes[0].match.query.a: expected a value, or { present: true }, or { \
      present: false }, found a list
      """
    ),
  ])
  func conditions(condition: String, expected: String) {
    let line = "{ name: a, match: { path: /a, \(condition) }, legacy: orders }"
    #expect(route(line) == ["s.yaml:\(expected)"])
  }

  @Test(arguments: [
    (
      "[]",
      "71: error: routes[0].sticky: expected at least one place for the user's key, or no such key"
    ),
    (
      "[ user ]",
      """
      73: error: routes[0].sticky[0]: expected { header: name }, { cookie: name } or \
      client-address, found "user"
      """
    ),
    (
      "[ { heder: a } ]",
      "75: error: routes[0].sticky[0].heder: unknown key; did you mean \"header\"?"
    ),
    (
      "[ { header: \"a b\" } ]",
      """
      83: error: routes[0].sticky[0].header: expected a name without spaces and \
      separators, found "a b"
      """
    ),
    (
      "[ { issued-cookie: a } ]",
      """
      90: error: routes[0].sticky[0].issued-cookie: cookies are not issued by this \
      version; use { cookie: name } with one your service sets
      """
    ),
    (
      "[ client-address, { header: a } ]",
      """
      89: warning: routes[0].sticky[1]: never looked at: every request has the \
      client-address before it
      """
    ),
    (
      "[ { header: a }, { header: a } ]",
      "88: warning: routes[0].sticky[1]: header a stands here twice"
    ),
  ])
  func stickyKeys(sticky: String, expected: String) {
    let line =
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: orders, sticky: \(sticky) }"
    let column = Int(expected.prefix { $0 != ":" }) ?? 0
    let moved = "s.yaml:5:\(column + 9)\(expected.drop { $0 != ":" })"
    #expect(route(line) == [moved])
  }

  @Test(arguments: [
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
    ("proxy: { workers: 0 }", "1:19: error: proxy.workers: expected 1 to 256, found 0"),
    (
      "proxy: { workers: two }",
      "1:19: error: proxy.workers: expected a whole number, found \"two\""
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
    ("proxies: {}", "1:1: error: proxies: unknown key; expected one of proxy, upstreams, routes"),
  ])
  func settingsOfTheProxy(line: String, expected: String) {
    #expect(settings(line) == ["s.yaml:\(expected)"])
  }

  @Test(arguments: [
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
      """
      2:11: error: upstreams.legacy: expected { endpoints: [host:port] } or { module: \
      name }, found both
      """
    ),
    (
      "{}", "2:11: error: upstreams.legacy: expected { endpoints: [host:port] } or { module: name }"
    ),
    (
      "[]",
      """
      2:11: error: upstreams.legacy: expected { endpoints: [host:port] } or { module: \
      name }, found a list
      """
    ),
  ])
  func upstream(value: String, expected: String) {
    let text = "upstreams:\n  legacy: \(value)\nroutes:\n\(Self.rest)\n"
    #expect(diagnostics(text) == ["s.yaml:\(expected)"])
  }

  @Test func everythingIsFoundAtOnce() {
    let text = """
      proxy: { workers: many, timeouts: { connect: soon } }
      upstreams:
        legacy: { endpoints: [127.0.0.1] }
      routes:
        - name: orders
          match: { path: orders }
          legacy: legaci
          extracted: orders
          percent: 101
        - { name: rest, match: { path: /** }, legacy: legacy, exttracted: orders }
      """
    #expect(
      diagnostics(text).map { $0.prefix { $0 != "," } } == [
        "s.yaml:1:19: error: proxy.workers: expected a whole number",
        "s.yaml:1:46: error: proxy.timeouts.connect: expected a duration such as 250ms",
        """
        s.yaml:3:25: error: upstreams.legacy.endpoints[0]: expected an address such as \
        127.0.0.1:8080 or [::1]:8080
        """,
        "s.yaml:6:20: error: routes[0].match.path: expected a path that starts with \"/\"",
        """
        s.yaml:7:13: error: routes[0].legacy: there is no upstream "legaci"; did you mean \
        "legacy"?
        """,
        """
        s.yaml:8:16: error: routes[0].extracted: there is no upstream "orders"; expected \
        one of legacy
        """,
        "s.yaml:9:14: error: routes[0].percent: expected a number from 0 to 100 in steps of 0.01",
        "s.yaml:10:57: error: routes[1].exttracted: unknown key; did you mean \"extracted\"?",
      ])
  }

  @Test func missingParts() {
    #expect(
      diagnostics("proxy: {}") == [
        "s.yaml:1:1: error: upstreams: missing; expected upstreams by name",
        "s.yaml:1:1: error: routes: missing; expected a list of routes",
      ])
    #expect(
      diagnostics("") == [
        """
        s.yaml:1:1: error: expected a mapping with the keys proxy, upstreams and routes, \
        found nothing
        """
      ])
    #expect(
      diagnostics("\(Self.upstreams)\nroutes: []").last
        == "s.yaml:4:9: error: routes: expected at least one route")
  }
}
