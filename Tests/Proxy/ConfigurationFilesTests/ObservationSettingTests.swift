// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

@Suite struct ObservationSettingTests {
  private func decode(_ settings: String) -> DecodedConfiguration {
    ConfigurationFile.decode(
      """
      proxy: { \(settings) }
      upstreams: { legacy: { module: shop } }
      routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]
      """, file: "s.yaml")
  }

  @Test func theyAreRead() throws {
    let log = try decode("access-log: { path: /var/log/a.log, sample: 0.25 }").get()
    #expect(log.accessLog == AccessLogConfiguration(path: "/var/log/a.log", sample: 0.25))
    #expect(log.tracing == nil)
    let tracing = try decode(
      "tracing: { collector: http://127.0.0.1:4318/v1/traces, sample: 0.1, service-name: shop }"
    ).get()
    #expect(
      tracing.tracing
        == TracingConfiguration(
          collector: "http://127.0.0.1:4318/v1/traces", sample: 0.1, serviceName: "shop"))
    let defaults = try decode("access-log: { path: \"-\" }, tracing: {}").get()
    #expect(defaults.accessLog == AccessLogConfiguration(path: "-"))
    #expect(defaults.tracing == TracingConfiguration())
  }

  @Test(arguments: [
    (
      "access-log: {}",
      "s.yaml:1:22: error: proxy.access-log.path: missing; expected a text that "
        + "is not empty"
    ),
    (
      "access-log: { path: a, sample: 0 }",
      "s.yaml:1:41: error: proxy.access-log.sample: 0 logs nothing; leave access-log out for that"
    ),
    (
      "access-log: { path: a, sample: 2 }",
      "s.yaml:1:41: error: proxy.access-log.sample: expected a share from 0 to 1, such as 0.05, "
        + "found \"2\""
    ),
    (
      "tracing: { collector: localhost }",
      "s.yaml:1:32: error: proxy.tracing.collector: expected an address such as "
        + "http://127.0.0.1:4318/v1/traces, found \"localhost\""
    ),
  ])
  func mistakesAreNamed(_ settings: String, _ expected: String) {
    #expect(decode(settings).diagnostics.map(\.description) == [expected])
  }

  @Test func mistakesInSwiftAreNamedToo() throws {
    var configuration = try decode("tracing: {}").get()
    configuration.tracing?.sample = 1.5
    configuration.accessLog = AccessLogConfiguration(path: "", sample: .nan)
    #expect(
      configuration.diagnostics().map(\.key) == [
        "proxy.access-log.path", "proxy.access-log.sample", "proxy.tracing.sample",
      ])
  }
}
