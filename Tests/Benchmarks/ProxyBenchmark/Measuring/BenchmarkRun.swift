// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One run: every measurement that was asked for, in the time there is.
struct BenchmarkRun {
  /// Seconds that must be left for a further case.
  private static let leastTime = 8.0

  private let contenders: [any Contender]
  private let effort: Effort
  private let measurements: Set<Measurement>
  private let end: Instant
  /// Index of the contender that ratios refer to.
  private let reference: Int

  init(
    _ contenders: [any Contender], effort: Effort, measurements: Set<Measurement>
  ) throws {
    self.contenders = contenders
    self.effort = effort
    self.measurements = measurements
    end = .now + effort.budget
    reference = contenders.firstIndex { !($0 is Strangler) } ?? 0
  }

  func report() throws -> Report {
    let origin = try Origin()
    defer { try? origin.stop() }
    var report = Report(
      date: Date().formatted(.iso8601),
      machine: .init(
        processors: ProcessorLayout.available.count, model: Self.processorModel),
      versions: [:], reference: contenders[reference].name)
    for contender in contenders { report.versions[contender.name] = try contender.version() }
    if measurements.contains(.cost) { try costs(origin, &report) }
    if measurements.contains(.latency) { try latency(origin, &report) }
    if measurements.contains(.calls) { try systemCalls(origin, &report) }
    if measurements.contains(.memory) { try memory(origin, &report) }
    if measurements.contains(.instructions) { try instructions(origin, &report) }
    if measurements.contains(.connections) { try crowds(origin, &report) }
    if measurements.contains(.kill) { try outages(origin, &report) }
    return report
  }

  private func hasTime(for what: String, _ report: inout Report) -> Bool {
    if end - .now > Self.leastTime { return true }
    report.notes.append("\(what) left out: no time left")
    return false
  }

  /// Runs a body with every contender started for one case.
  private func withContenders<Value>(
    _ setup: BenchmarkCase, _ origin: Origin, _ body: ([RunningContender]) throws -> Value
  ) throws -> Value {
    try ProcessorLayout(workers: setup.workers).apply()
    origin.answer(bodyBytes: setup.bodyBytes)
    var running: [RunningContender] = []
    defer { for contender in running { contender.stop() } }
    for contender in contenders {
      running.append(try RunningContender(contender, setup, origin: origin))
    }
    return try body(running)
  }

  private static var processorModel: String {
    let lines = ProcessFiles.text("/proc/cpuinfo")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("model name") } ?? ""
    return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
  }
}

// MARK: - Processor time

extension BenchmarkRun {
  private func costs(_ origin: Origin, _ report: inout Report) throws {
    // Half of the time, unless nothing else is measured; the cases divide it.
    let costEnd = measurements == [.cost] ? end : .now + effort.budget / 2
    for (index, setup) in effort.cases.enumerated() {
      guard hasTime(for: setup.title, &report) else { continue }
      let share = (costEnd - .now) / Double(effort.cases.count - index)
      let deadline = Instant.now + share
      report.cases.append(
        try withContenders(setup, origin) { running in
          let rounds = try Rounds(
            wanted: effort.rounds, most: effort.mostRounds, deadline: deadline,
            contenders: running
          ) { contender in
            try Turn(of: contender, origin: origin, pace: .saturating, seconds: effort.turn)
          }
          return costs(of: rounds, setup)
        })
    }
  }

  private func costs(of rounds: Rounds, _ setup: BenchmarkCase) -> Report.CaseReport {
    let costs = contenders.indices.map { index in
      func median(_ value: (Turn) -> Double) -> Double {
        Spread(rounds.values(index, value)).median
      }
      return Report.Cost(
        contender: contenders[index].name,
        processorTime: Spread(rounds.values(index, \.microsecondsPerRequest)),
        userShare: median { Double($0.usage.userTicks) / Double(max(1, $0.usage.ticks)) },
        ratio: Spread(rounds.ratios(index, to: reference, \.microsecondsPerRequest)),
        requestsPerSecond: median(\.requestsPerSecond),
        loadTime: median { Double($0.loadTime) / 1000 / Double($0.requests) },
        originTime: median { Double($0.originTime) / 1000 / Double($0.requests) })
    }
    return Report.CaseReport(
      setup: setup, clients: BenchmarkCase.clients, rounds: rounds.kept.count,
      droppedRounds: rounds.dropped, disturbed: rounds.isDisturbed, contenders: costs)
  }
}

// MARK: - Latency

extension BenchmarkRun {
  private func latency(_ origin: Origin, _ report: inout Report) throws {
    guard hasTime(for: "latency", &report) else { return }
    let deadline = Instant.now + (end - .now) / 3
    report.halfLoad = try withContenders(.small, origin) { running in
      let most = try Turn(
        of: running[reference], origin: origin, pace: .saturating, seconds: effort.turn)
      let rate = most.requestsPerSecond / 2
      let rounds = try Rounds(
        wanted: effort.rounds, most: effort.mostRounds, deadline: deadline, contenders: running
      ) { contender in
        try Turn(
          of: contender, origin: origin, pace: .perSecond(rate), seconds: effort.latencyTurn)
      }
      let latencies = contenders.indices.map { index in
        Report.Latency(
          contender: contenders[index].name,
          median: Spread(rounds.values(index) { $0.latencies.percentile(0.5) }),
          percentile99: Spread(rounds.values(index) { $0.latencies.percentile(0.99) }),
          ratio: Spread(
            rounds.ratios(index, to: reference) { $0.latencies.percentile(0.99) }))
      }
      return Report.LatencyReport(
        requestsPerSecond: rate, rounds: rounds.kept.count, droppedRounds: rounds.dropped,
        disturbed: rounds.isDisturbed, contenders: latencies)
    }
  }
}

// MARK: - Single figures

extension BenchmarkRun {
  private func instructions(_ origin: Origin, _ report: inout Report) throws {
    guard let tool = try Instructions() else {
      report.notes.append("instructions left out: valgrind is not installed")
      return
    }
    for contender in contenders where contender.runsUnderValgrind {
      guard hasTime(for: "\(contender.name)'s instructions", &report) else { continue }
      let value = try tool.measure(contender, origin: origin, requests: effort.countedRequests)
      let name = contender.name
      report.instructionsPerRequest.append(.init(contender: name, value: value.instructions))
      if !report.systemCallsPerRequest.contains(where: { $0.contender == name }) {
        report.systemCallsPerRequest.append(.init(contender: name, value: value.systemCalls))
      }
    }
  }

  private func systemCalls(_ origin: Origin, _ report: inout Report) throws {
    guard let tool = try SystemCalls() else {
      report.notes.append("system calls left out: perf is not installed or may not count")
      return
    }
    guard hasTime(for: "system calls", &report) else { return }
    try withContenders(.small, origin) { running in
      for contender in running {
        let value = try tool.measure(contender, origin: origin)
        report.systemCallsPerRequest.append(.init(contender: contender.name, value: value))
      }
    }
  }

  private func memory(_ origin: Origin, _ report: inout Report) throws {
    for contender in contenders {
      guard hasTime(for: "\(contender.name)'s memory", &report) else { continue }
      let value = try IdleMemory.measure(contender, origin: origin, clients: effort.idleClients)
      report.kibibytesPerIdleClient.append(.init(contender: contender.name, value: value))
    }
  }
}

// MARK: - Endurance, of strangler alone

extension BenchmarkRun {
  private func crowds(_ origin: Origin, _ report: inout Report) throws {
    for contender in contenders where contender is Strangler {
      guard hasTime(for: "\(contender.name)'s crowd", &report) else { continue }
      report.crowds.append(
        try ManyConnections.measure(contender, origin: origin, seconds: effort.crowdSeconds))
    }
  }

  private func outages(_ origin: Origin, _ report: inout Report) throws {
    for contender in contenders where contender is Strangler {
      guard hasTime(for: "\(contender.name)'s outages", &report) else { continue }
      report.outages.append(try UpstreamOutages.measure(contender, origin: origin))
    }
  }
}
