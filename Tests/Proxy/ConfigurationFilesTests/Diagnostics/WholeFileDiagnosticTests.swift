// SPDX-License-Identifier: Apache-2.0

import Testing

/// Several mistakes at once, and parts that are missing.
@Suite struct WholeFileDiagnosticTests {
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
      MistakenFile.diagnostics(text).map { $0.prefix { $0 != "," } } == [
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
      MistakenFile.diagnostics("proxy: {}") == [
        "s.yaml:1:1: error: upstreams: missing; expected upstreams by name",
        "s.yaml:1:1: error: routes: missing; expected a list of routes",
      ])
    #expect(
      MistakenFile.diagnostics("") == [
        """
        s.yaml:1:1: error: expected a mapping with the keys proxy, upstreams and routes, \
        found nothing
        """
      ])
    #expect(
      MistakenFile.diagnostics("\(MistakenFile.upstreams)\nroutes: []").last
        == "s.yaml:4:9: error: routes: expected at least one route")
  }
}
