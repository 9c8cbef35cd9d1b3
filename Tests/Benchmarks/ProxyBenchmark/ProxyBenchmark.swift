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
      charged the processor time that the kernel accounts to its own processes. Clients speak
      HTTP/1.1 and HTTP/2, in clear and over TLS 1.3 with one cipher suite for all; origins speak
      HTTP/1.1 in clear. Ratios refer to HAProxy and nginx, and beside each stands what is demanded.
      Everything runs on loopback and ends with this command: after twenty minutes at most, or two
      with --quick. What has no time left is left out and named.

      EXAMPLES
        proxy-benchmark --strangler .build/release/strangler --json result.json
        proxy-benchmark --strangler new/strangler --other old/strangler --quick
        proxy-benchmark --strangler .build/release/strangler --only connections,kill
        proxy-benchmark --strangler .build/release/strangler --only cost --cases "over TLS"
        proxy-benchmark --strangler .build/release/strangler --only cost --rounds 61
        proxy-benchmark --strangler .build/release/strangler --only shadow,composition
        proxy-benchmark --strangler .build/release/strangler --gate
      """)

  @Option(help: "The strangler program, a release build.") var strangler: String
  @Option(help: "Another build of it, measured in the same rounds.") var other: String?
  @Option(help: "Transports of strangler to measure, by commas.")
  var transports = "epoll,nio"
  @Option(help: "The Envoy program; without it PATH is searched.") var envoy: String?
  @Option(help: "File for the results as JSON.") var json: String?
  @Flag(help: "A look of less than two minutes: fewer cases, shorter rounds, no Envoy.")
  var quick = false
  @Option(help: "What to measure: \(Measurement.allNames), by commas.")
  var only: String?
  @Option(help: "Cases to measure the cost of, by a part of their titles, such as \"HTTP/2\".")
  var cases: String?
  @Option(help: "Rounds of each case; more of them narrow the interval that is printed.")
  var rounds: Int?
  @OptionGroup(title: "Gate") var gate: Gate

  func validate() throws {
    if !ProcessEnvironment.isExecutable(strangler) {
      throw ValidationError("\(strangler) is no program; build it with -c release.")
    }
    if let rounds, rounds < 1 { throw ValidationError("--rounds takes a number from 1.") }
    _ = try measurements()
  }

  func run() throws {
    EndOnSignal.install()
    defer { ScratchFolder.shared.remove() }
    ProcessEnvironment.raiseFileLimit()
    var contenders = Contenders.found(
      strangler: strangler, other: other, envoy: envoy,
      transports: gate.gate ? Gate.transports : transports.split(separator: ",").map(String.init))
    if quick { contenders.removeAll { $0 is Envoy } }
    if gate.gate { contenders.removeAll { !($0 is Strangler) } }
    var effort: Effort = gate.gate ? .gate : quick ? .quick : .full
    if let cases { effort.cases.removeAll { !$0.title.contains(cases) } }
    if let rounds { effort.setRounds(rounds) }
    let run = try BenchmarkRun(contenders, effort: effort, measurements: measurements())
    let report = try run.run()
    write(ReportText(report: report).text)
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(report).write(to: URL(filePath: json))
    }
    try gate.check(report)
    if !report.failures.isEmpty { throw ExitCode.failure }
  }

  private func measurements() throws -> Set<Measurement> {
    if gate.gate { return [.instructions] }
    guard let only else { return Set(Measurement.allCases) }
    return Set(
      try only.split(separator: ",").map { name in
        guard let measurement = Measurement(rawValue: String(name)) else {
          throw ValidationError("\(name) is none of \(Measurement.allNames).")
        }
        return measurement
      })
  }

  private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

/// The parts of a run.
enum Measurement: String, CaseIterable {
  case cost, latency, memory, calls, instructions, connections, kill, shadow, composition

  static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
