// SPDX-License-Identifier: Apache-2.0

/// The extracted side goes away in the middle of its requests and comes back, again and again.
enum UpstreamOutages {
  private static let outages = 20
  private static let clients = 8
  /// Of each outage, and between two.
  private static let seconds = 0.15

  static func measure(
    _ contender: any Contender, origin: Origin
  ) throws -> Report.Outages {
    origin.answer(bodyBytes: BenchmarkCase.smallBody)
    let running = try RunningContender(contender, .small(.http1), origin: origin)
    defer { running.stop() }
    let load = (0..<clients).map { SafetyClient(port: running.port, number: $0) }
    for _ in 0..<outages {
      Instant.wait(seconds: seconds)
      origin.setExtracted(isDown: true)
      Instant.wait(seconds: seconds)
      origin.setExtracted(isDown: false)
    }
    Instant.wait(seconds: seconds)
    let sum = try load.map { try $0.stop() }.reduce(SafetyClient.Tally(), +)
    return Report.Outages(
      contender: contender.name, outages: outages, safeAnswered: sum.safeAnswered,
      safeFailed: sum.safeFailed, unsafeAnswered: sum.unsafeAnswered,
      unsafeReported: sum.unsafeReported, unsafeLost: sum.unsafeLost)
  }
}
