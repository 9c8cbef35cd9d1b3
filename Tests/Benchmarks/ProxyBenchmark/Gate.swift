// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Figures that other load on the machine hardly changes, so that a check can hold them.
///
/// What they still depend on is how many events a loop finds at once: little on epoll, a fifth of
/// the instructions on SwiftNIO, which has the wider limits for that.
struct Gate: ParsableArguments {
  static let transports = ["epoll", "nio"]

  @Flag(help: "Count strangler alone on both transports, and fail above the limits below.")
  var gate = false
  @Option(help: "User instructions for a small request on epoll.")
  var epollInstructions = 13_700.0
  @Option(help: "User instructions for a small request on SwiftNIO.")
  var nioInstructions = 40_000.0
  @Option(help: "System calls for a small request on epoll.")
  var epollCalls = 4.3
  @Option(help: "System calls for a small request on SwiftNIO.")
  var nioCalls = 5.0

  func check(_ report: Report) throws {
    guard gate else { return }
    for transport in Self.transports {
      let instructions = transport == "nio" ? nioInstructions : epollInstructions
      try hold(report.instructionsPerRequest, of: transport, instructions, "user instructions")
      let calls = transport == "nio" ? nioCalls : epollCalls
      try hold(report.systemCallsPerRequest, of: transport, calls, "system calls")
    }
  }

  private func hold(
    _ figures: [Report.Figure], of transport: String, _ limit: Double, _ what: String
  ) throws {
    let name = Contenders.name(Contenders.ours, transport)
    guard let figure = figures.first(where: { $0.contender == name }) else {
      throw BenchmarkError("\(name): \(what) were not counted")
    }
    if figure.value > limit {
      throw BenchmarkError("\(name): \(figure.value) \(what), at most \(limit) are allowed")
    }
  }
}
