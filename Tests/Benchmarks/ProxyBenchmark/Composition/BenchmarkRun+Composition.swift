// SPDX-License-Identifier: Apache-2.0

// MARK: - Composed answers

extension BenchmarkRun {
  /// What a composed answer may take, with the time of its slowest part as 1.
  static let composedLatency = 1.3
  /// Milliseconds that the slowest of three parts takes.
  private static let delays = [2, 5, 20]
  /// Requests a second: each composed one is four for the proxy.
  private static let rate = 400.0

  func compositions() {
    for case let ours as Strangler in contenders {
      for milliseconds in Self.delays {
        attempt("\(ours.name) that composes, \(milliseconds) ms") {
          try compose(ours, milliseconds)
        }
      }
    }
  }

  private func compose(_ ours: Strangler, _ milliseconds: Int) throws {
    let setup = BenchmarkCase.small(.http1)
    try ProcessorLayout(workers: setup.workers).apply()
    origin.answer(bodyBytes: setup.bodyBytes)
    let slow = try PolledServer("slow server") {
      try SlowLoop($0, milliseconds: milliseconds)
    }
    defer { slow.stop() }
    func start(_ name: String, composes: Bool) throws -> RunningContender {
      try RunningContender(
        ComposingStrangler(
          name: name, program: ours.program, transport: ours.transport, slow: slow.port,
          composes: composes), setup, origin: origin)
    }
    let alone = try start("alone", composes: false)
    defer { alone.stop() }
    let composed = try start("composed", composes: true)
    defer { composed.stop() }
    let rounds = try Rounds(
      wanted: effort.shadowRounds, most: effort.shadowRounds + effort.shadowRounds / 2,
      deadline: .now + effort.shadowSeconds, contenders: [alone, composed]
    ) { contender in
      try Turn(
        of: contender, origin: origin, pace: .perSecond(Self.rate), seconds: effort.shadowTurn)
    }
    let turns = rounds.kept.map { ($0[0].latencies, $0[1].latencies) }
    for share in [0.5, 0.99] {
      report.compositions.append(
        Report.Pair(
          contender: ours.name,
          what: "p\(Int(share * 100)) us, slowest of three parts \(milliseconds) ms",
          without: Spread(rounds.values(0) { $0.latencies.percentile(share) }),
          with: Spread(rounds.values(1) { $0.latencies.percentile(share) }),
          ratio: PooledPercentile(share, turns).ratio,
          rounds: Report.RoundCount(rounds), limit: Self.composedLatency))
    }
  }
}
