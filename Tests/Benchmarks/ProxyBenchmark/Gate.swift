// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Figures that no other load on the machine changes, so that a check can hold them.
struct Gate: ParsableArguments {
  static let transports = ["epoll", "nio"]

  @Flag(help: "Count strangler alone on both transports, and fail above the limits below.")
  var gate = false
  @Option(help: "User instructions for a small request on epoll.")
  var epollInstructions = 13_700.0
  @Option(help: "User instructions for a small request on SwiftNIO.")
  var nioInstructions = 35_400.0
  @Option(help: "System calls for a small request on epoll.")
  var epollCalls = 4.2
  @Option(help: "System calls for a small request on SwiftNIO.")
  var nioCalls = 4.5

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
