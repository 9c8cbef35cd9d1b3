// SPDX-License-Identifier: Apache-2.0

/// Ten thousand clients, a tenth of them busy: nothing may fail, and memory has to stay.
///
/// Any answer other than a whole 200, and any connection that is closed, is an error of the run.
enum ManyConnections {
  private static let connections = 10_000
  private static let active = 1_000
  /// Share of the time after which memory is read first: buffers have grown to their size by then.
  private static let settling = 0.2
  private static let idleSeconds = 600

  static func measure(
    _ contender: any Contender, origin: Origin, seconds: Double
  ) throws -> Report.Crowd {
    origin.answer(bodyBytes: BenchmarkCase.smallBody)
    let running = try RunningContender(
      contender, .small(.http1), origin: origin, idleSeconds: idleSeconds)
    defer { running.stop() }
    let crowd = try running.crowd(connections - active)
    defer { crowd.leave() }
    let load = running.load(.saturating, connections: active)
    Instant.wait(seconds: seconds * settling)
    let start = running.tree.proportionalKiB
    Instant.wait(seconds: seconds * (1 - settling))
    let end = running.tree.proportionalKiB
    let outcome = try load.stop()
    try crowd.askAgain()
    return Report.Crowd(
      contender: contender.name, connections: connections, active: active, seconds: seconds,
      requests: outcome.answered, startKiB: start, endKiB: end)
  }
}
