// SPDX-License-Identifier: Apache-2.0

import Testing

/// Mistakes in the conditions of routes, each with its exact place and words.
@Suite struct MatchDiagnosticTests {
  private static let pathMistakes: [(String, Int, String)] = [
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
  ]

  @Test(arguments: pathMistakes)
  func paths(path: String, column: Int, message: String) {
    let expected = "s.yaml:5:\(column): error: routes[0].match.path: \(message)"
    #expect(
      MistakenFile.route("{ name: abcd, match: { path: \(path) }, legacy: orders }") == [expected])
  }

  private static let conditionMistakes: [(String, String)] = [
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
  ]

  @Test(arguments: conditionMistakes)
  func conditions(condition: String, expected: String) {
    let line = "{ name: a, match: { path: /a, \(condition) }, legacy: orders }"
    #expect(MistakenFile.route(line) == ["s.yaml:\(expected)"])
  }
}
