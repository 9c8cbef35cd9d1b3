// SPDX-License-Identifier: Apache-2.0

// MARK: - Processor time

extension BenchmarkRun {
  func costs() {
    let costEnd = endOfCosts
    for (index, setup) in effort.cases.enumerated() {
      // The cases divide the time that is left.
      let share = (costEnd - .now) / Double(effort.cases.count - index)
      let deadline = Instant.now + max(0, share)
      attempt(setup.title) {
        try withContenders(setup) { all in
          let running = try able(all, setup)
          let rounds = try Rounds(
            wanted: effort.rounds, most: effort.mostRounds, deadline: deadline,
            contenders: running
          ) { contender in
            try Turn(of: contender, origin: origin, pace: setup.pace, seconds: effort.turn)
          }
          report.cases.append(cost(of: rounds, running.map(\.name), setup))
        }
      }
    }
  }

  /// Those that do what the case asks for, after a short try: one that resumes no session would
  /// end the rounds of all. It is named; only ours has to.
  private func able(
    _ running: [RunningContender], _ setup: BenchmarkCase
  ) throws -> [RunningContender] {
    guard case .handshakes = setup.pace else { return running }
    return try running.filter { contender in
      do {
        _ = try Turn(of: contender, origin: origin, pace: setup.pace, seconds: 0.1)
        return true
      } catch {
        if transport(of: contender.name) != nil { throw error }
        report.notes.append("\(setup.title): \(contender.name) is left out: \(error)")
        return false
      }
    }
  }

  private func cost(
    of rounds: Rounds, _ names: [String], _ setup: BenchmarkCase
  ) -> Report.CaseReport {
    let costs = names.indices.map { index in
      func median(_ value: (Turn) -> Double) -> Double {
        Spread(rounds.values(index, value)).median
      }
      let ratios = ratios(of: rounds, index, names, \.microsecondsPerRequest)
      let demands =
        transport(of: names[index]).map { Demand.processorTime(setup, transport: $0) } ?? []
      return Report.Cost(
        contender: names[index],
        processorTime: Spread(rounds.values(index, \.microsecondsPerRequest)),
        userShare: median { Double($0.usage.userTicks) / Double(max(1, $0.usage.ticks)) },
        ratios: ratios, requestsPerSecond: median(\.requestsPerSecond),
        loadTime: median { Double($0.loadTime) / 1000 / Double($0.requests) },
        originTime: median { Double($0.originTime) / 1000 / Double($0.requests) },
        verdicts: demands.compactMap { $0.verdict(ratios: ratios) })
    }
    return Report.CaseReport(
      setup: setup, rounds: Report.RoundCount(rounds), contenders: costs)
  }

  /// To each contender that ratios refer to, by its name.
  private func ratios(
    of rounds: Rounds, _ index: Int, _ names: [String], _ value: (Turn) -> Double
  ) -> [String: Spread] {
    var ratios: [String: Spread] = [:]
    for name in report.references {
      guard let reference = names.firstIndex(of: name) else { continue }
      ratios[name] = Spread(rounds.ratios(index, to: reference, value))
    }
    return ratios
  }
}

// MARK: - Latency

extension BenchmarkRun {
  /// Share of the time left that the latencies may take.
  private static let latencyShare = 1.0 / 3

  func latency() {
    let deadline = Instant.now + (end - .now) * Self.latencyShare
    let setup = BenchmarkCase.small(.http1)
    attempt("latency") {
      try withContenders(setup) { running in
        guard let reference = running.first(where: { $0.name == report.references.first }) else {
          throw BenchmarkError("nobody is there to compare with")
        }
        let most = try Turn(of: reference, origin: origin, pace: .saturating, seconds: effort.turn)
        let rate = most.requestsPerSecond / 2
        let rounds = try Rounds(
          wanted: effort.rounds, most: effort.mostRounds, deadline: deadline, contenders: running
        ) { contender in
          try Turn(
            of: contender, origin: origin, pace: .perSecond(rate), seconds: effort.latencyTurn)
        }
        report.halfLoad = latency(of: rounds, running.map(\.name), setup, rate)
      }
    }
  }

  private func latency(
    of rounds: Rounds, _ names: [String], _ setup: BenchmarkCase, _ rate: Double
  ) -> Report.LatencyReport {
    let latencies = names.indices.map { index in
      let ratios = ratios(of: rounds, index, names) { $0.latencies.percentile(0.99) }
      let demands = transport(of: names[index]).map { Demand.latency(transport: $0) } ?? []
      return Report.Latency(
        contender: names[index],
        median: Spread(rounds.values(index) { $0.latencies.percentile(0.5) }),
        percentile99: Spread(rounds.values(index) { $0.latencies.percentile(0.99) }),
        ratios: ratios, verdicts: demands.compactMap { $0.verdict(ratios: ratios) })
    }
    return Report.LatencyReport(
      setup: setup, requestsPerSecond: rate, rounds: Report.RoundCount(rounds),
      contenders: latencies)
  }
}
