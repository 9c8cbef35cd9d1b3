// SPDX-License-Identifier: Apache-2.0

import Testing

/// Mistakes in routes, each with its exact place and words.
@Suite struct RouteDiagnosticTests {
  private static let routeMistakes: [(String, [String])] = [
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
      "{ name: a, match: { path: /a }, legacy: orders, upgrades: [h2c] }",
      [
        """
        s.yaml:5:64: error: routes[0].upgrades[0]: requests inside a tunnel would pass by every \
        rule; HTTP is not tunnelled
        """
      ]
    ),
    (
      "{ name: a, match: { path: /a }, legacy: orders, colour: blue }",
      [
        """
        s.yaml:5:53: error: routes[0].colour: unknown key; expected one of name, match, \
        legacy, extracted, percent, sticky, group, fallback, upgrades, retry-writes, shadow
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
  ]

  @Test(arguments: routeMistakes)
  func routes(line: String, expected: [String]) {
    #expect(MistakenFile.route(line) == expected)
  }

  private static let stickyMistakes: [(String, String)] = [
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
  ]

  @Test(arguments: stickyMistakes)
  func stickyKeys(sticky: String, expected: String) {
    let line =
      "{ name: a, match: { path: /a }, legacy: legacy, extracted: orders, sticky: \(sticky) }"
    let column = Int(expected.prefix { $0 != ":" }) ?? 0
    let moved = "s.yaml:5:\(column + 9)\(expected.drop { $0 != ":" })"
    #expect(MistakenFile.route(line) == [moved])
  }
}
