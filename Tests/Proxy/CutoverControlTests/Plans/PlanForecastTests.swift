// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Forecast of a plan")
struct PlanForecastTests {
  /// Measured 90 % numbers of the design's table at a share of 5 %.
  @Test(
    "The proof takes about what simulations took",
    arguments: [
      (0.001, 0.001, 24_390), (0.002, 0.001, 7_568), (0.005, 0.001, 2_375), (0.001, 0.01, 215_864),
      (0.002, 0.01, 47_053), (0.005, 0.01, 9_100), (0.01, 0.01, 2_352), (0.005, 0.02, 13_510),
      (0.01, 0.02, 4_471),
    ])
  func proof(tolerance: Double, rate: Double, measured: Int) throws {
    let size = try #require(ProofSize.requests(tolerance: tolerance, rate: rate, share: 0.05))
    let ratio = Double(size) / Double(measured)
    #expect((0.85...1.35).contains(ratio), "\(size) against \(measured)")
  }

  @Test("Without errors it is exact", arguments: [(0.001, 4_219), (0.005, 844), (0.01, 422)])
  func faultless(tolerance: Double, requests: Int) throws {
    let size = try #require(ProofSize.requests(tolerance: tolerance, rate: 0, share: 0.05))
    #expect(abs(size - requests) <= 1)
  }

  @Test("Some proofs never come")
  func never() {
    #expect(ProofSize.requests(tolerance: 0.0005, rate: 0.02, share: 0.05) == nil)
  }

  private static func plan(soak: Duration, minimum: Int) -> CutoverPlan {
    CutoverPlan(
      name: "orders", routes: ["orders"],
      stages: [
        CutoverStage(percent: .hundredths(100), soak: soak, minimum: minimum),
        CutoverStage(percent: .full, soak: .seconds(3_600), evidence: .absolute),
      ])
  }

  @Test("A minimum that the soak cannot reach is refused, with the soak that could")
  func unreachable() {
    let traffic = MeasuredTraffic(requestsPerSecond: 100)
    let forecast = PlanForecast(Self.plan(soak: .seconds(1_800), minimum: 2_400), at: traffic)
    #expect(
      forecast.diagnostics.first
        == Diagnostic(
          .error, key: "cutovers.orders.stages[0].minimum",
          message: "a soak of 30 min brings about 1800 of the 2400; expected at most that, or a "
            + "soak of 40 min"))
    let longer = PlanForecast(Self.plan(soak: .seconds(3_600), minimum: 2_400), at: traffic)
    #expect(longer.diagnostics == [])
  }

  @Test("It says how long the proof takes: 40 min at 100 requests a second and 1 %")
  func durations() throws {
    let forecast = PlanForecast(
      Self.plan(soak: .seconds(1_800), minimum: 0), at: MeasuredTraffic(requestsPerSecond: 100))
    let seconds = try #require(forecast.stages[0].proofSeconds)
    #expect((2_300...2_900).contains(seconds))
    #expect(forecast.diagnostics.map(\.key) == ["cutovers.orders.stages[0].soak"])
    #expect(forecast.diagnostics.first?.severity == .warning)
    #expect(forecast.stages[0].description.hasPrefix("1 %: 4"))
    #expect(forecast.stages[0].description.contains("requests at 1.0/s; soak 30 min; 5 % errors: "))
  }

  /// Medians of the design's table for its setting, and of `gate-simulator --only errors` at 99 %.
  @Test(
    "When a bad release is taken back is about what simulations say, with little legacy too",
    arguments: [
      (1, 0.5, 820, 18), (10, 0.05, 177, 5), (100, 0.05, 22, 6), (100, 0.5, 8, 20),
      (1_000, 0.05, 5, 12), (5_000, 0.5, 4, 505), (100, 0.99, 280, 1_400), (5_000, 0.99, 6, 1_500),
    ] as [(Double, Double, Int, Int)])
  func detection(rate: Double, share: Double, seconds: Int, bad: Int) throws {
    let found = try #require(
      DetectionTime(
        .errors(ratio: 1.25, margin: 0.0005), rate: rate, share: share, legacyRate: 0.001,
        against: .concurrentLegacy, stages: 4, alpha: 0.0025))
    for (value, simulated) in [(found.seconds, seconds), (found.bad, bad)] {
      let ratio = Double(value) / Double(simulated)
      #expect((0.7...1.5).contains(ratio), "\(found) against \(seconds) s, \(bad)")
    }
  }

  @Test("The plan's forecast says that a hold-back of 1 % is slow, and 5 % is not")
  func holdBack() throws {
    func text(_ hundredths: Int) -> String {
      let plan = CutoverPlan(
        name: "orders", routes: ["orders"],
        stages: [
          CutoverStage(
            percent: .hundredths(hundredths), soak: .seconds(3_600), evidence: .holdBack)
        ])
      return PlanForecast(plan, at: MeasuredTraffic(requestsPerSecond: 100)).stages[0].description
    }
    #expect(text(9_900).contains("5 % errors: back after about 4"))
    #expect(text(9_900).contains(" min and 9"))
    #expect(text(9_500).contains(" s and 1"))
  }

  @Test("A route without traffic can reach nothing")
  func noTraffic() {
    let forecast = PlanForecast(
      Self.plan(soak: .seconds(1_800), minimum: 10), at: MeasuredTraffic(requestsPerSecond: 0))
    #expect(forecast.stages.map(\.proofSeconds) == [nil, nil])
    #expect(
      forecast.diagnostics.map(\.key) == [
        "cutovers.orders.stages[0].minimum", "cutovers.orders.stages[0].tolerance",
        "cutovers.orders.stages[1].tolerance",
      ])
  }
}

extension Percentage {
  static func hundredths(_ value: Int) -> Percentage {
    guard let percentage = Percentage(hundredths: value) else { preconditionFailure("\(value)") }
    return percentage
  }
}
