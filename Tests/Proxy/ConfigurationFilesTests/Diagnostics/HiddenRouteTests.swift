// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

/// Routes that can never match are named together with those that hide them.
@Suite struct HiddenRouteTests {
  private func errors(_ matches: String...) -> [String] {
    var text = "upstreams: { legacy: { endpoints: [\"127.0.0.1:9001\"] } }\nroutes:\n"
    for (index, match) in matches.enumerated() {
      text += "  - { name: r\(index), match: { \(match) }, legacy: legacy }\n"
    }
    text += "  - { name: rest, match: { path: /** }, legacy: legacy }\n"
    return ConfigurationFile.decode(text, file: "s.yaml").diagnostics.map(\.description)
  }

  private func hidden(_ line: Int, _ index: Int, by names: String, verb: String) -> String {
    """
    s.yaml:\(line):24: error: routes[\(index)].match: this route can never match: \
    \(names) \(verb) 
    """
      + "every request it would; move it above or give it more conditions"
  }

  @Test func byTheSamePathWhateverItsParametersAreCalled() {
    #expect(
      errors("path: \"/a/{x}\"", "path: \"/a/{y}\"")
        == [hidden(4, 1, by: "routes[0] \"r0\"", verb: "takes")])
    #expect(
      errors("path: /a%62", "path: /ab") == [hidden(4, 1, by: "routes[0] \"r0\"", verb: "takes")])
  }

  @Test func byRoutesThatTakeAllItsMethodsTogether() {
    let methods = ["methods: [GET]", "methods: [POST, PUT]", "methods: [GET, POST]"]
    #expect(
      errors("path: /a, \(methods[0])", "path: /a, \(methods[1])", "path: /a, \(methods[2])")
        == [hidden(5, 2, by: "routes[0] \"r0\" and routes[1] \"r1\"", verb: "take")])
  }

  @Test func byWeakerConditionsOfTheSameNumber() {
    #expect(
      errors("path: /a, headers: { x: { present: true } }", "path: /a, headers: { X: \"1\" }")
        == [hidden(4, 1, by: "routes[0] \"r0\"", verb: "takes")])
    #expect(
      errors("path: /a, host: \"*.b.example\"", "path: /a, host: a.b.example")
        == [hidden(4, 1, by: "routes[0] \"r0\"", verb: "takes")])
  }

  @Test(arguments: [
    ("path: /a", "path: /a, methods: [GET]"),
    ("path: /a, methods: [GET]", "path: /a, methods: [GET, POST]"),
    ("path: /a/**", "path: /a"),
    ("path: \"/a/{x}\"", "path: /a/b"),
    ("path: /a, headers: { x: \"1\" }", "path: /a, headers: { x: { present: true } }"),
    ("path: /a, host: a.b.example", "path: /a, host: \"*.b.example\""),
    ("path: /a, query: { x: \"1\" }", "path: /a, headers: { x: \"1\" }"),
    ("path: /a", "path: /a/"),
  ])
  func routesThatCanMatchAreLeftAlone(first: String, second: String) {
    #expect(errors(first, second) == [])
  }
}
