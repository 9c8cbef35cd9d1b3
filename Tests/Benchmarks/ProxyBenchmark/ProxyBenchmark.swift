// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

@main
struct ProxyBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy-benchmark",
    abstract: "Measure the front proxy side by side with nginx, HAProxy and Envoy.",
    discussion: """
      Every contender passes the same load on to the same origin, in interleaved rounds, and is
      charged the processor time that the kernel accounts to its own processes. Ratios refer to the
      first other proxy that is there. Everything runs on loopback and ends with this command.

      EXAMPLES
        proxy-benchmark --strangler .build/release/strangler --json result.json
        proxy-benchmark --strangler new/strangler --other old/strangler --quick
      """)

  @Option(help: "The strangler program, a release build.") var strangler: String
  @Option(help: "Another build of it, measured in the same rounds.") var other: String?
  @Option(help: "Transports of strangler to measure, by commas; without it, its own choice.")
  var transports: String?
  @Option(help: "The Envoy program; without it PATH is searched.") var envoy: String?
  @Option(help: "File for the results as JSON.") var json: String?
  @Flag(help: "A short look: one worker, fewer and shorter rounds.") var quick = false
  @Option(help: "What to measure: \(Measurement.allNames), by commas.")
  var only: String?
  @Option(help: "Fail when strangler takes more user instructions for a small request.")
  var instructionsLimit: Double?
  @Option(help: "Fail when strangler takes more system calls for a small request.")
  var systemCallsLimit: Double?

  func validate() throws {
    if !ProcessEnvironment.isExecutable(strangler) {
      throw ValidationError("\(strangler) is no program; build it with -c release.")
    }
    _ = try measurements()
  }

  func run() throws {
    EndOnSignal.install()
    defer { ScratchFolder.shared.remove() }
    ProcessEnvironment.raiseFileLimit()
    let contenders = Contenders.found(
      strangler: strangler, other: other, envoy: envoy,
      transports: transports?.split(separator: ",").map(String.init) ?? [])
    let run = try BenchmarkRun(
      contenders, effort: quick ? .quick : .full, measurements: measurements())
    let report = try run.report()
    write(ReportText(report: report).text)
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(report).write(to: URL(filePath: json))
    }
    try checkLimits(report)
  }

  private func measurements() throws -> Set<Measurement> {
    guard let only else { return Set(Measurement.allCases) }
    return Set(
      try only.split(separator: ",").map { name in
        guard let measurement = Measurement(rawValue: String(name)) else {
          throw ValidationError("\(name) is none of \(Measurement.allNames).")
        }
        return measurement
      })
  }

  private func checkLimits(_ report: Report) throws {
    let limits = [
      ("user instructions", instructionsLimit, report.instructionsPerRequest),
      ("system calls", systemCallsLimit, report.systemCallsPerRequest),
    ]
    for (name, limit, figures) in limits {
      guard let limit else { continue }
      let ours = figures.filter { $0.contender.hasPrefix(Contenders.ours) }
      if ours.isEmpty { throw BenchmarkError("\(name) have a limit but were not measured") }
      for figure in ours where figure.value > limit {
        throw BenchmarkError(
          "\(figure.contender): \(figure.value) \(name), demanded at most \(limit)")
      }
    }
  }

  private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

/// The parts of a run.
enum Measurement: String, CaseIterable {
  case cost, latency, memory, calls, instructions

  static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
