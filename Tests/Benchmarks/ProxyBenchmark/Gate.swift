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
  var epollInstructions = 10_400.0
  @Option(help: "User instructions for a small request on SwiftNIO.")
  var nioInstructions = 25_500.0
  @Option(help: "User instructions for a small request of HTTP/2 over TLS on epoll.")
  var http2Instructions = 34_500.0
  @Option(help: "System calls for a small request on epoll.")
  var epollCalls = 4.2
  @Option(help: "System calls for a small request on SwiftNIO.")
  var nioCalls = 4.6
  @Option(help: "System calls for a small request over TLS on epoll.")
  var tlsCalls = 4.3
  @Option(help: "System calls for a small request of HTTP/2 over TLS on epoll.")
  var http2Calls = 2.5

  func check(_ report: Report) throws {
    guard gate else { return }
    try hold(report, .instructions, "epoll", .http1, epollInstructions)
    try hold(report, .instructions, "nio", .http1, nioInstructions)
    try hold(report, .instructions, "epoll", .http2TLS, http2Instructions)
    try hold(report, .calls, "epoll", .http1, epollCalls)
    try hold(report, .calls, "nio", .http1, nioCalls)
    try hold(report, .calls, "epoll", .http1TLS, tlsCalls)
    try hold(report, .calls, "epoll", .http2TLS, http2Calls)
  }

  private func hold(
    _ report: Report, _ kind: Report.Figure.Kind, _ transport: String, _ client: ClientProtocol,
    _ limit: Double
  ) throws {
    let name = Contenders.name(Contenders.ours, transport)
    let what = "\(name), \(client.rawValue): \(kind.rawValue)"
    guard let figure = report.figure(kind, name, client) else {
      throw BenchmarkError("\(what) were not counted")
    }
    if figure.value > limit {
      throw BenchmarkError("\(what) are \(figure.value), at most \(limit) are allowed")
    }
  }
}
