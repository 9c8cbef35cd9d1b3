// SPDX-License-Identifier: Apache-2.0

// MARK: - Shadow traffic

extension BenchmarkRun {
  /// A shadow may move the 99th percentile of the primary by so much.
  static let shadowedLatency = 1.05
  /// Comparing every tenth request may cost so much of what a request costs.
  static let comparedCost = 1.15
  /// Requests a second at which latencies are compared, as a share of what is answered while every
  /// request is copied to a service that is well: copies take their share of the same processors.
  private static let load = 0.5

  func shadows() {
    for contender in contenders {
      if let ours = contender as? Strangler {
        attempt("\(ours.name) that shadows") {
          try shadows(of: ours.name) { name, mode, port in
            ShadowingStrangler(
              name: name, program: ours.program, transport: ours.transport,
              shadow: mode.map {
                "{ mode: \($0.compares ? "compare" : "mirror"), percent: \($0.percent) }"
              },
              port: port)
          }
        }
      } else if let nginx = contender as? Nginx {
        attempt("nginx that mirrors") {
          try shadows(of: nginx.name) { name, mode, port in
            MirroringNginx(name: name, program: nginx.program, percent: mode?.percent, port: port)
          }
        }
      } else if let envoy = contender as? Envoy {
        attempt("Envoy that mirrors") {
          try shadows(of: envoy.name) { name, mode, port in
            Envoy(
              name: name, program: envoy.program, work: .mirror(percent: mode?.percent), port: port)
          }
        }
      }
    }
  }

  /// What of the requests is copied; nil copies nothing.
  private typealias Mode = (percent: Int, compares: Bool)
  private typealias Make = (_ name: String, Mode?, _ port: UInt16?) -> any Contender

  private func shadows(of name: String, _ make: Make) throws {
    let setup = BenchmarkCase.small(.http1)
    try ProcessorLayout(workers: setup.workers).apply()
    origin.answer(bodyBytes: setup.bodyBytes)
    let plain = try RunningContender(make("none", nil, nil), setup, origin: origin)
    defer { plain.stop() }
    report.shadows.append(try cost(of: name, make, plain, setup))
    let rate = try capacity(make, setup) * Self.load
    // What the machine itself makes of two that are alike: a difference within it is none.
    let twin = try RunningContender(make("twin", nil, nil), setup, origin: origin)
    defer { twin.stop() }
    try report.shadows.append(
      latency(of: name, "none on both sides", plain, twin, rate, limit: nil))
    for manner in BadLoop.Manner.allCases {
      let server = try PolledServer("bad server") { try BadLoop($0, manner) }
      defer { server.stop() }
      let shadowed = try RunningContender(
        make(manner.rawValue, (100, true), server.port), setup, origin: origin)
      defer { shadowed.stop() }
      try report.shadows.append(
        latency(
          of: name, "\(manner.rawValue), 100 %", plain, shadowed, rate,
          limit: Self.shadowedLatency))
    }
  }

  private func latency(
    of name: String, _ shadow: String, _ plain: RunningContender, _ shadowed: RunningContender,
    _ rate: Double, limit: Double?
  ) throws -> Report.Pair {
    let rounds = try Rounds(
      wanted: effort.shadowRounds, most: effort.shadowRounds + effort.shadowRounds / 2,
      deadline: .now + effort.shadowSeconds, contenders: [plain, shadowed]
    ) { contender in
      try Turn(of: contender, origin: origin, pace: .perSecond(rate), seconds: effort.shadowTurn)
    }
    let turns = rounds.kept.map { ($0[0].latencies, $0[1].latencies) }
    return Report.Pair(
      contender: name, what: "p99 us, shadow \(shadow), \(Int(rate))/s",
      without: Spread(rounds.values(0) { $0.latencies.percentile(0.99) }),
      with: Spread(rounds.values(1) { $0.latencies.percentile(0.99) }),
      ratio: PooledPercentile(0.99, turns).ratio,
      rounds: Report.RoundCount(rounds), limit: limit)
  }

  /// Requests a second while all of them are copied, the middle of some turns.
  private func capacity(_ make: Make, _ setup: BenchmarkCase) throws -> Double {
    let copying = try RunningContender(make("copying", (100, true), nil), setup, origin: origin)
    defer { copying.stop() }
    let turns = try Rounds(
      wanted: 3, most: 5, deadline: .now + effort.shadowSeconds, contenders: [copying]
    ) { contender in
      try Turn(of: contender, origin: origin, pace: .saturating, seconds: effort.latencyTurn)
    }
    return Spread(turns.values(0, \.requestsPerSecond)).median
  }

  private func cost(
    of name: String, _ make: Make, _ plain: RunningContender, _ setup: BenchmarkCase
  ) throws -> Report.Pair {
    let compared = try RunningContender(make("compared", (10, true), nil), setup, origin: origin)
    defer { compared.stop() }
    let rounds = try Rounds(
      wanted: effort.shadowRounds, most: effort.shadowRounds + effort.shadowRounds / 2,
      deadline: .now + effort.shadowSeconds, contenders: [plain, compared]
    ) { contender in
      try Turn(of: contender, origin: origin, pace: .saturating, seconds: effort.turn)
    }
    return Report.Pair(
      contender: name, what: "processor us a request, shadow of 10 %",
      without: Spread(rounds.values(0, \.microsecondsPerRequest)),
      with: Spread(rounds.values(1, \.microsecondsPerRequest)),
      ratio: Spread(rounds.ratios(1, to: 0, \.microsecondsPerRequest)),
      rounds: Report.RoundCount(rounds), limit: Self.comparedCost)
  }
}
