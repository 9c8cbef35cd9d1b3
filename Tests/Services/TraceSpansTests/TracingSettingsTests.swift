// SPDX-License-Identifier: Apache-2.0

import Testing
import TraceSpans

@Suite("OpenTelemetry's variables") struct TracingSettingsTests {
  private func read(_ variables: [String: String]) throws -> TracingSettings? {
    try TracingSettings(environment: variables, service: "orders")
  }

  @Test("Without a collector, or disabled, there is no tracing")
  func off() throws {
    #expect(try read([:]) == nil)
    #expect(try read(["OTEL_EXPORTER_OTLP_ENDPOINT": ""]) == nil)
    #expect(
      try read(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "True"])
        == nil)
  }

  @Test("The base gets the path of traces, and an address of its own goes first")
  func collector() throws {
    for base in ["http://c:4318", "http://c:4318/"] {
      let settings = try read(["OTEL_EXPORTER_OTLP_ENDPOINT": base])
      #expect(settings == TracingSettings(collector: "http://c:4318/v1/traces", service: "orders"))
    }
    let own = try read([
      "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318",
      "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://t/in",
    ])
    #expect(own?.collector == "https://t/in")
  }

  @Test("Name, share, limits and times")
  func all() throws {
    let settings = try #require(
      try read([
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SERVICE_NAME": "shop",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2000", "OTEL_BSP_MAX_QUEUE_SIZE": "100",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "500", "OTEL_BSP_SCHEDULE_DELAY": "50",
      ]))
    #expect(settings.service == "shop" && settings.sample == 0.25)
    #expect(settings.timeout == 2_000 && settings.interval == 50)
    #expect(settings.waiting == 100 && settings.batch == 100)
    let none = try read([
      "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_SAMPLER": "parentbased_always_off",
    ])
    #expect(none?.sample == 0)
  }

  @Test(
    "What cannot be used is named with what was expected",
    arguments: [
      ("OTEL_TRACES_SAMPLER", "jaeger_remote", "parentbased_always_on"),
      ("OTEL_TRACES_SAMPLER_ARG", "2", "a share from 0 to 1"),
      ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4318", "an address such as"),
      ("OTEL_BSP_SCHEDULE_DELAY", "0", "a number from 1"),
    ])
  func unusable(_ variable: String, _ value: String, _ expected: String) {
    let error = #expect(throws: TracingSettings.Unusable.self) {
      try read(
        [
          "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c",
          "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        ].merging([variable: value]) { $1 })
    }
    #expect(error?.variable == variable && error?.value == value)
    #expect(error?.description.contains(expected) == true)
  }
}
