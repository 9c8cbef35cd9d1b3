// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One run: every measurement that was asked for, in the time there is.
final class BenchmarkRun {
  /// Seconds that must be left for a further measurement.
  private static let leastTime = 8.0

  let contenders: [any Contender]
  let effort: Effort
  let end: Instant
  let origin: Origin
  private let measurements: Set<Measurement>
  var report: Report

  init(
    _ contenders: [any Contender], effort: Effort, measurements: Set<Measurement>
  ) throws {
    self.contenders = contenders
    self.effort = effort
    self.measurements = measurements
    end = .now + effort.budget
    origin = try Origin()
    report = Report(
      date: Date().formatted(.iso8601),
      machine: .init(
        processors: ProcessorLayout.available.count, model: Self.processorModel),
      versions: [:], references: Self.references(contenders))
    for contender in contenders { report.versions[contender.name] = try contender.version() }
  }

  func run() throws -> Report {
    defer { try? origin.stop() }
    if measurements.contains(.cost) { costs() }
    if measurements.contains(.latency) { latency() }
    if measurements.contains(.calls) { systemCalls() }
    if measurements.contains(.memory) { memory() }
    if measurements.contains(.instructions) { try instructions() }
    if measurements.contains(.connections) { crowds() }
    if measurements.contains(.kill) { outages() }
    if measurements.contains(.shadow) { shadows() }
    if measurements.contains(.composition) { compositions() }
    return report
  }

  /// Those that ratios refer to, the most important first.
  private static func references(_ contenders: [any Contender]) -> [String] {
    let peers = contenders.filter { $0 is HAProxy || $0 is Nginx }.map(\.name)
    return peers.isEmpty ? contenders.prefix(1).map(\.name) : peers
  }

  private static var processorModel: String {
    let lines = ProcessFiles.text("/proc/cpuinfo")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("model name") } ?? ""
    return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
  }
}

// MARK: - What every measurement does

extension BenchmarkRun {
  /// Share of the time that goes to the cases, unless nothing else is measured.
  private static let shareOfCosts = 0.55

  var endOfCosts: Instant {
    measurements == [.cost] ? end : .now + effort.budget * Self.shareOfCosts
  }

  /// Measures if there is time; what fails is named, and the rest goes on.
  func attempt(_ what: String, _ body: () throws -> Void) {
    if end - .now < Self.leastTime {
      report.notes.append("\(what) left out: no time left")
      return
    }
    do { try body() } catch { report.failures.append("\(what): \(error)") }
  }

  /// Runs a body with every contender started for one case. A stranger that cannot be is left out.
  func withContenders(
    _ setup: BenchmarkCase, _ body: ([RunningContender]) throws -> Void
  ) throws {
    try ProcessorLayout(workers: setup.workers).apply()
    origin.answer(bodyBytes: setup.bodyBytes)
    var running: [RunningContender] = []
    defer { for contender in running { contender.stop() } }
    for contender in contenders {
      do { running.append(try RunningContender(contender, setup, origin: origin)) } catch {
        if contender is Strangler { throw error }
        report.notes.append("\(setup.title): \(error)")
      }
    }
    try body(running)
  }

  /// The transport of one of ours; nil for strangers.
  func transport(of contender: String) -> String? {
    contenders.lazy.compactMap { $0 as? Strangler }.first { $0.name == contender }?.transport
  }
}
