// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

@Suite struct CutoverSettingTests {
  private static let head = """
    upstreams: { legacy: { endpoints: [127.0.0.1:9001] }, shop: { endpoints: [127.0.0.1:9002] } }
    routes:
      - { name: cart, match: { path: /cart }, legacy: legacy, extracted: shop, group: basket }
      - { name: checkout, match: { path: /buy }, legacy: legacy, extracted: shop, group: basket }
      - { name: orders, match: { path: /orders }, legacy: legacy, extracted: shop }
      - { name: rest, match: { path: /** }, legacy: legacy }

    """

  private static let notYet =
    "s.yaml:8:3: warning: cutovers: no plan can be started without proxy.journal: { path, installation }"

  private static func decode(_ cutovers: String) -> DecodedConfiguration {
    ConfigurationFile.decode(head + cutovers, file: "s.yaml")
  }

  /// What is said of a plan whose keys are `keys`, besides that no plan is carried out yet.
  private static func mistakes(_ keys: String) -> [String] {
    decode("cutovers:\n  basket: { \(keys) }\n").diagnostics
      .filter { $0.key != "cutovers" }.map { "\($0.severity.rawValue): \($0.key): \($0.message)" }
  }

  @Test func everyKeyIsRead() throws {
    let decoded = Self.decode(
      """
      cutovers:
        basket:
          routes: [cart, checkout]
          alpha: 0.02
          stages:
            - { percent: 0, soak: 1h, minimum: 1000 }
            - { percent: 5, soak: 30m, minimum: 2400, tolerance: 0.01 }
            - { percent: 50, soak: 2h, approval: true }
            - { percent: 99, soak: 2h, evidence: hold-back }
            - { percent: 100, soak: 24h, evidence: absolute }
          gates:
            errors: { ratio: 1.5, margin: 0.001, ceiling: 0.03 }
            latency: [ { quantile: 0.5, slowdown: 1.3, ratio: 1.25 }, { quantile: 0.99 } ]
            mismatches: { margin: 0.001, stable: true }
          freeze:
            - { days: [sat, sun] }
            - { days: [fri], from: 16:00, to: 24:00 }
            - { start: 2026-12-20T08:00Z, end: 2027-01-02T00:00Z }

      """)
    let unseen = [(14, 0), (20, 1)].map { column, index in
      "s.yaml:9:\(column): warning: cutovers.basket.routes[\(index)]: gates.mismatches has nothing to "
        + "judge on this route, so that its stage at 0 % never ends; add shadow: { mode: compare } "
        + "to the route"
    }
    #expect(decoded.diagnostics.map(\.description) == [Self.notYet] + unseen)
    let gates = CutoverGates(
      errors: ErrorGateRules(ratio: 1.5, margin: 0.001, ceiling: 0.03),
      latency: [
        LatencyGateRules(quantile: 0.5, slowdown: 1.3, ratio: 1.25), .init(quantile: 0.99),
      ], mismatches: MismatchGateRules(margin: 0.001, areStable: true))
    let expected = CutoverPlan(
      name: "basket", routes: ["cart", "checkout"], alpha: 0.02,
      stages: [
        CutoverStage(percent: .zero, soak: .seconds(3_600), minimum: 1_000),
        CutoverStage(
          percent: try #require(Percentage(parsing: "5")), soak: .seconds(1_800), minimum: 2_400,
          tolerance: 0.01),
        CutoverStage(
          percent: try #require(Percentage(parsing: "50")), soak: .seconds(7_200),
          needsApproval: true),
        CutoverStage(
          percent: try #require(Percentage(parsing: "99")), soak: .seconds(7_200),
          evidence: .holdBack),
        CutoverStage(percent: .full, soak: .seconds(86_400), evidence: .absolute),
      ], gates: gates,
      freezes: [
        .weekly(days: [.sat, .sun], minutes: 0..<1_440),
        .weekly(days: [.fri], minutes: 960..<1_440),
        .once(1_797_753_600..<1_798_848_000),
      ])
    #expect(decoded.configuration?.cutovers == [expected])
  }

  @Test func whatIsComparedIsJudged() {
    func found(_ shadow: String, _ gates: String) -> [String] {
      ConfigurationFile.decode(
        """
        upstreams: { a: { endpoints: [127.0.0.1:1] }, b: { endpoints: [127.0.0.1:2] } }
        routes:
          - { name: cart, match: { path: /** }, legacy: a, extracted: b, shadow: { \(shadow) } }
        cutovers: { cart: { routes: [cart], stages: [ { percent: 1, soak: 1h } ], \(gates) } }

        """, file: "s.yaml"
      ).diagnostics.filter { $0.key != "cutovers" }.map { "\($0.key): \($0.message)" }
    }
    #expect(
      found("mode: compare", "alpha: 0.01") == [
        "cutovers.cart.routes[0]: the route's shadow compares answers, and no gate judges what it "
          + "finds; add gates.mismatches: {}"
      ])
    #expect(
      found("mode: mirror", "gates: { mismatches: {} }") == [
        "cutovers.cart.routes[0]: gates.mismatches has nothing to judge on this route; add shadow: "
          + "{ mode: compare } to the route"
      ])
    #expect(found("mode: compare", "gates: { mismatches: {} }").isEmpty)
    #expect(found("mode: mirror", "alpha: 0.01").isEmpty)
  }

  @Test func whatIsNotWrittenIsTheDesignsDefault() throws {
    let decoded = Self.decode(
      "cutovers: { orders: { routes: [orders], stages: [ { percent: 1, soak: 1h } ] } }\n")
    let plan = try #require(decoded.configuration?.cutovers.first)
    #expect(plan.alpha == 0.01)
    #expect(plan.gates.errors == ErrorGateRules(ratio: 1.25, margin: 0.0005, ceiling: nil))
    #expect(plan.gates.latency.map(\.quantile) == [0.95, 0.99])
    #expect(plan.gates.latency.allSatisfy { $0.slowdown == 1.15 && $0.ratio == 1.1 })
    #expect(plan.gates.mismatches == nil)
    #expect(abs(plan.gateAlpha - 0.01 / 3) < 1e-15)
    #expect(plan.stages.map(\.effectiveTolerance) == [0.005])
  }

  @Test func allMistakesAreFoundAtOnceWithTheirKeys() {
    #expect(
      Self.mistakes(
        "routes: [cart, orders, rset], alpha: 0.5, stages: [ { percent: 5, soak: 1s }, "
          + "{ percent: 5, soak: 1h, tolerance: 0.9 }, { percent: 95, soak: 1h }, "
          + "{ percent: 100, soak: 1h, evidence: hold-back } ], "
          + "gates: { latency: [ { quantile: 0.95 }, { quantile: 0.95 } ] }")
        == [
          "error: cutovers.basket.alpha: expected a share above 0, at most 0.2; found 0.5",
          "error: cutovers.basket.routes[2]: there is no route \"rset\"; did you mean \"rest\"?",
          "error: cutovers.basket.routes: routes that move together need one group, or a user could "
            + "be on two sides; found basket, orders",
          "error: cutovers.basket.routes: \"checkout\" is of the same group and would stay behind; "
            + "add it",
          "error: cutovers.basket.stages[0].soak: expected at least 1m: a minute without answers is "
            + "silence",
          "error: cutovers.basket.stages[1].percent: expected more than the 5 % of the stage before",
          "error: cutovers.basket.stages[1].tolerance: expected a share from 0.0001 to 0.5, found "
            + "0.9",
          "error: cutovers.basket.stages[2].evidence: at 95 % and above legacy answers little: write "
            + "hold-back to go on comparing with it, or absolute to measure by a ceiling",
          "error: cutovers.basket.stages[3].evidence: at 100 % there is no legacy to compare with: "
            + "stay at 99 % until the plan ends, or write absolute, which cannot tell a shared "
            + "incident from a bad service",
          "error: cutovers.basket.gates.latency[1].quantile: this quantile stands here twice",
        ].sorted { Self.place($0) < Self.place($1) })
  }

  /// Findings come in file order; all of these stand in one line, in the order of their keys there.
  private static func place(_ finding: String) -> Int {
    let order = [
      "routes:", "routes[2]", "alpha", "stages[0]", "stages[1].percent", "stages[1].tolerance",
      "stages[2]", "stages[3]", "gates",
    ]
    return order.firstIndex { finding.contains("basket.\($0)") } ?? order.count
  }

  @Test func aPlanThatSkipsItsGatesIsToldSo() {
    let found = Self.mistakes(
      "routes: [orders], stages: [ { percent: 100, soak: 1h, evidence: absolute, tolerance: 0.5 } ], "
        + "gates: { latency: [] }")
    #expect(
      found == [
        "warning: cutovers.basket.stages[0].percent: this skips its gates: everybody goes over before "
          + "anything was compared with legacy; begin with a stage of a few percent, for it starts "
          + "with --skip-gates only",
        "warning: cutovers.basket.stages[0].tolerance: this skips its gates: a service that fails "
          + "50.0 % more of its requests is good enough to go on; it starts with --skip-gates only",
        "warning: cutovers.basket.gates.latency: no gate of latency is left: a service that is "
          + "slower, or hangs, is not taken back for that",
      ])
    let none = Self.mistakes(
      "routes: [orders], stages: [ { percent: 1, soak: 1h } ], "
        + "gates: { latency: [], errors: { margin: 0.5 } }")
    #expect(
      none == [
        "error: cutovers.basket.gates: no gate is left: latency has none, and errors may be 50.0 % "
          + "more than legacy's; leave one of both keys out"
      ])
  }

  @Test func aPlanHasAtMostAsManyRoutesAsItsStateMayHold() {
    let names = (0...400).map { "r\($0)" }.joined(separator: ", ")
    let found = Self.mistakes("routes: [\(names)], stages: [ { percent: 1, soak: 1h } ]")
    #expect(
      found.contains(
        "error: cutovers.basket.routes: expected at most 400 routes, found 401; make several plans")
    )
  }

  @Test(arguments: [
    (
      "stages: [ { percent: 1, soak: 1h } ]",
      "cutovers.basket.routes: missing; expected a list of routes such as [cart, checkout]"
    ),
    (
      "routes: [rest], stages: [ { percent: 1, soak: 1h } ]",
      "cutovers.basket.routes[0]: the route has no extracted side to move to"
    ),
    (
      "routes: [orders], stages: [ { percent: 0, soak: 1h } ]",
      "cutovers.basket.stages[0].percent: at 0 % only shadow comparisons tell anything: add "
        + "gates.mismatches, or leave it out"
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h, evidence: absolute } ]",
      "cutovers.basket.stages[0].evidence: below 95 % there is legacy to compare with; leave the "
        + "key out"
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h, minimun: 5 } ]",
      "cutovers.basket.stages[0].minimun: unknown key; did you mean \"minimum\"?"
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h } ], gates: { errors: { ratio: 0.5 } }",
      "cutovers.basket.gates.errors.ratio: expected a factor from 1 to 10, such as 1.25, found "
        + "\"0.5\""
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h } ], freeze: [ { days: [] } ]",
      "cutovers.basket.freeze[0].days: expected at least one day, or no such key"
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h } ], freeze: [ { from: 25:00 } ]",
      "cutovers.basket.freeze[0].from: expected a time of the day in UTC such as 16:00, found "
        + "\"25:00\""
    ),
    (
      "routes: [orders], stages: [ { percent: 1, soak: 1h } ], "
        + "freeze: [ { start: 2026-02-29T00:00Z, end: 2026-03-01T00:00Z } ]",
      "cutovers.basket.freeze[0].start: expected a time in UTC such as 2026-12-20T08:00Z, found "
        + "\"2026-02-29T00:00Z\""
    ),
  ])
  func oneMistake(keys: String, expected: String) {
    #expect(Self.mistakes(keys) == ["error: \(expected)"])
  }

  @Test func aRouteMovesByOnePlanOnly() {
    let plan = "{ routes: [orders], stages: [ { percent: 1, soak: 1h } ] }"
    let found = Self.decode("cutovers: { a: \(plan), b: \(plan) }\n").diagnostics
    #expect(
      found.filter { $0.severity == .error }.map(\.message) == [
        "the cutover \"a\" moves this route already"
      ])
  }
}
