// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import ShadowComparison
import Testing

@Suite struct ShadowSettingTests {
  private static func decode(
    _ shadow: String, extracted: String = ", extracted: orders", sandbox: String = "",
    methods: String = ""
  ) -> DecodedConfiguration {
    let sides = "legacy: legacy\(extracted)"
    let text = """
      upstreams:
        legacy: { endpoints: ["127.0.0.1:9001"] }
        orders: { endpoints: ["127.0.0.1:9002"]\(sandbox) }
      routes:
        - { name: orders, match: { path: /orders/**\(methods) }, \(sides), shadow: \(shadow) }
        - { name: rest, match: { path: /** }, legacy: legacy }
      """
    return ConfigurationFile.decode(text, file: "s.yaml")
  }

  @Test func everySettingIsRead() throws {
    let decoded = Self.decode(
      """
      { mode: compare, rate: 20, writes: true, withhold: [cookie], deadline: 2s, in-flight: 3,
          compare-bytes: 4KiB, body-bytes: 5MiB, ask-again-percent: 6.5, rules: { headers: [etag],
          ignore: [servedAt, "**At"], redact: ["**email"], unordered: ["tags[]",
          { array: "items[]", key: id }], tolerances: [ { path: total, difference: 0.01 } ],
          number-format: false } }
      """, sandbox: ", sandbox: true")
    #expect(decoded.diagnostics.isEmpty)
    let configuration = try #require(decoded.configuration)
    #expect(configuration.upstreams.map(\.isSandbox) == [false, true])
    #expect(
      configuration.routes.first?.shadow
        == ShadowConfiguration(
          mode: .compare, sample: .rate(20), includesWrites: true, withhold: ["cookie"],
          deadline: .seconds(2),
          inFlight: 3, compareBytes: 4_096, bodyBytes: 5 << 20,
          askAgain: Percentage(hundredths: 650) ?? .zero,
          rules: ComparisonRules(
            headers: ["etag"], ignore: [PathPattern("servedAt"), PathPattern("**At")],
            redact: [PathPattern("**email")],
            unordered: [
              .init(PathPattern("tags[]")), .init(PathPattern("items[]"), key: "id"),
            ], tolerances: [.init(PathPattern("total"), difference: 0.01)],
            numberFormat: false)))
  }

  @Test func whatIsNotWrittenKeepsItsDefault() {
    let decoded = Self.decode("{}")
    #expect(decoded.configuration?.routes.first?.shadow == ShadowConfiguration())
    #expect(decoded.configuration?.routes.last?.shadow == nil)
    #expect(ShadowConfiguration().summary == "compare 100 %")
  }

  @Test func aRouteOfWritesAloneIsToldThatNothingIsShadowed() {
    func warnings(_ shadow: String, _ methods: String) -> [String] {
      Self.decode(shadow, sandbox: ", sandbox: true", methods: ", methods: [\(methods)]")
        .diagnostics.map { "\($0.severity) \($0.key): \($0.message)" }
    }
    #expect(
      warnings("{ mode: compare }", "POST, PUT") == [
        "warning routes[0].shadow: the route takes POST, PUT alone, which may change data, so none "
          + "of its requests is shadowed; \"writes: true\" sends them to an upstream with "
          + "\"sandbox: true\""
      ])
    #expect(warnings("{ mode: compare, writes: true }", "POST, PUT").isEmpty)
    #expect(warnings("{ mode: compare }", "POST, GET").isEmpty)
  }

  @Test(arguments: ["off", "{ mode: off }"])
  func offNeedsNothing(_ shadow: String) {
    let decoded = Self.decode(shadow)
    #expect(decoded.diagnostics == [])
    #expect(decoded.configuration?.routes.first?.shadow?.mode == .off)
  }

  @Test(arguments: [
    ("{ mode: record }", "mode: expected one of off, mirror, compare, found \"record\""),
    ("{ percent: 5, rate: 3 }", "rate: expected this or percent, found both"),
    ("{ percent: 0 }", "percent: 0 % takes no request; write \"mode: off\" for that"),
    ("{ rate: 0 }", "rate: expected 1 to 100000, found 0"),
    ("{ deadline: 0s }", "deadline: expected a duration from 1ms to 24h, found 0ms"),
    ("{ withhold: [Host] }", "withhold[0]: no request is whole without Host"),
    ("{ in-flight: 0 }", "in-flight: expected 1 to 10000, found 0"),
    (
      "{ body-bytes: 1KiB, compare-bytes: 1KiB }",
      "body-bytes: expected 65536 to 17179869184, found 1024"
    ),
    (
      "{ compare-bytes: 2MiB, body-bytes: 1MiB }",
      "compare-bytes: one body may not be larger than all of body-bytes"
    ),
    (
      "{ writes: true }",
      "writes: each write would happen on both sides: only an upstream with \"sandbox: true\" may "
        + "get them, and \"orders\" is none"
    ),
    ("{ mod: off }", "mod: unknown key; did you mean \"mode\"?"),
    (
      "{ rules: { ignore: [\"**\"] } }",
      "rules.ignore[0]: every difference would be ignored, the status too; write \"mode: mirror\" "
        + "for that"
    ),
    (
      "{ rules: { redact: [\"path:/reset\"] } }",
      "rules.redact[0]: expected a path such as \"**email\", \"query:token\" or "
        + "\"path:/reset/{token}\", found \"path:/reset\""
    ),
    (
      "{ rules: { unordered: [items] } }",
      "rules.unordered[0]: expected an array with its brackets, such as \"items[]\", found "
        + "\"items\""
    ),
    (
      "{ rules: { unordered: [ { array: \"a[]\" } ] } }",
      "rules.unordered[0].key: missing; expected a text that is not empty"
    ),
    (
      "{ rules: { unordered: [\"a[]\", \"a[]\"] } }",
      "rules.unordered[1]: a[] stands here twice"
    ),
    (
      "{ rules: { number-format: exact } }",
      "rules.number-format: expected true or false, found \"exact\""
    ),
    (
      "{ rules: { tolerances: [ { path: total, difference: -1 } ] } }",
      "rules.tolerances[0].difference: expected a number above 0, such as 0.01, found \"-1\""
    ),
    (
      "{ rules: { headers: [\"a b\"] } }",
      "rules.headers[0]: expected a name without spaces and separators, found \"a b\""
    ),
  ])
  func mistakesAreFound(shadow: String, expected: String) {
    let decoded = Self.decode(shadow)
    #expect(decoded.configuration == nil)
    #expect(
      decoded.diagnostics.map { "\($0.key): \($0.message)" }
        .contains("routes[0].shadow.\(expected)"),
      "\(decoded.diagnostics)")
  }

  @Test func severalMistakesComeAtOnce() {
    let decoded = Self.decode("{ rate: 0, in-flight: 0, deadline: soon, rules: { ignored: [] } }")
    #expect(
      decoded.diagnostics.filter { $0.severity == .error }.map(\.key) == [
        "routes[0].shadow.rate", "routes[0].shadow.in-flight", "routes[0].shadow.deadline",
        "routes[0].shadow.rules.ignored",
      ])
    #expect(decoded.diagnostics.allSatisfy { $0.location?.line == 5 })
  }

  @Test func aRouteWithoutExtractedSideHasNobodyToAsk() {
    let decoded = Self.decode("{}", extracted: "")
    #expect(
      decoded.diagnostics.contains {
        $0.severity == .error
          && $0.message == "there is no extracted upstream to send anything to"
      })
  }

  @Test func rulesOfAMirrorAreWithoutEffect() {
    let decoded = Self.decode("{ mode: mirror, rules: { ignore: [a] } }")
    #expect(
      decoded.diagnostics.contains {
        $0.key == "routes[0].shadow.rules" && $0.severity == .warning
      })
  }

  @Test func theFixtureSaysWhatTheDefaultsAre() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs/shadow.yaml").standardized.path
    let decoded = ConfigurationFile.load(file)
    #expect(decoded.diagnostics.isEmpty)
    var expected = ShadowConfiguration(sample: .percent(Percentage(hundredths: 1_000) ?? .zero))
    expected.rules.ignore = [PathPattern("servedAt"), PathPattern("requestId")]
    expected.rules.redact = ["**email", "query:token", "path:/orders/track/{code}"].map {
      PathPattern($0)
    }
    expected.rules.unordered = [
      .init(PathPattern("tags[]")), .init(PathPattern("items[]"), key: "id"),
    ]
    expected.rules.tolerances = [.init(PathPattern("weight"), difference: 0.001)]
    #expect(decoded.configuration?.routes.first?.shadow == expected)
  }
}
